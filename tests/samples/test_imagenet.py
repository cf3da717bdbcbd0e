"""Networks with ImageNet weights: had where they can be, otherwise skipped in one line."""

import socket
import threading
from pathlib import Path

import keras
import pytest

from camwidget import samples
from camwidget.samples import imagenet


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which Keras has never fetched anything."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def builder(monkeypatch: pytest.MonkeyPatch) -> keras.Model:
    """`keras.applications.ResNet50` gives this network, and no weights are fetched."""
    network = samples.network("digits")
    monkeypatch.setattr(keras.applications, "ResNet50", lambda weights: network if weights == "imagenet" else None)
    return network


def test_without_a_network_one_line_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    builder(monkeypatch)
    monkeypatch.setattr(imagenet, "_host_answers", lambda: False)
    assert samples.imagenet_network("ResNet50") is None
    (line,) = capsys.readouterr().out.splitlines()
    assert line == (
        "Skipped: the ImageNet weights of ResNet50 cannot be loaded (they are not on this machine, and there is no "
        "network to fetch them)."
    )


def test_weights_on_the_disk_ask_no_host(no_weights: Path, monkeypatch: pytest.MonkeyPatch):
    network = builder(monkeypatch)
    monkeypatch.setattr(imagenet, "_host_answers", lambda: pytest.fail("the host was asked"))
    (no_weights / "resnet50_weights_tf_dim_ordering_tf_kernels.h5").touch()
    assert samples.imagenet_network("ResNet50") is network


def test_weights_without_the_head_are_not_enough(no_weights: Path, monkeypatch: pytest.MonkeyPatch):
    builder(monkeypatch)
    monkeypatch.setattr(imagenet, "_host_answers", lambda: False)
    (no_weights / "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5").touch()
    assert samples.imagenet_network("ResNet50") is None


def test_weights_are_fetched_where_the_host_answers(monkeypatch: pytest.MonkeyPatch):
    network = builder(monkeypatch)
    monkeypatch.setattr(imagenet, "_host_answers", lambda: True)
    assert samples.imagenet_network("ResNet50") is network


def test_a_download_that_breaks_is_skipped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def broken(weights: str) -> None:
        raise Exception(f"URL fetch failure:\nno {weights}")  # as Keras does

    monkeypatch.setattr(keras.applications, "ResNet50", broken)
    monkeypatch.setattr(imagenet, "_host_answers", lambda: True)
    assert samples.imagenet_network("ResNet50") is None
    assert "(URL fetch failure: no imagenet)." in capsys.readouterr().out


def test_a_name_server_that_keeps_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    """A machine behind a wall may wait half a minute for a name; a notebook does not."""
    ended = threading.Event()

    def silent(*_args: object, **_options: object) -> None:
        ended.wait(60)
        raise OSError("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    monkeypatch.setattr(imagenet, "PATIENCE", 0.05)
    assert not imagenet._host_answers()  # while the look-up still waits
    ended.set()


def test_any_answer_is_a_network(monkeypatch: pytest.MonkeyPatch):
    def refused(*_args: object, **_options: object) -> None:
        raise imagenet.HTTPError(imagenet.HOST, 403, "Forbidden", None, None)  # pyright: ignore[reportArgumentType]  # as urllib does

    monkeypatch.setattr(imagenet, "urlopen", refused)
    assert imagenet._host_answers()


def test_an_unknown_network_is_explained():
    with pytest.raises(ValueError, match="No network 'Resnet50' in keras.applications. Did you mean 'ResNet50'"):
        samples.imagenet_network("Resnet50")
    with pytest.raises(ValueError, match="No network 'resnet50' in keras.applications."):
        samples.imagenet_network("resnet50")  # a module of that name exists
