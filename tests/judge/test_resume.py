"""Results kept as they come: a killed run goes on, and the table is the same in the end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from camwidget.explanation import Explainer
from camwidget.judge import evaluate
from camwidget.model import architecture
from tests.judge.networks import halved, nested_network, pictures, tiny_network

PICTURES = pictures(14)
METHODS = ["grad_cam", "layer_cam"]


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(tiny_network(), preprocess=halved)


def asked(explainer: Explainer, images: Any, out: Path, **options: Any) -> Any:
    return evaluate(explainer, images, methods=METHODS, out=out, batch=4, **options)


class Killed(Exception):
    pass


def until(count: int) -> Iterator[np.ndarray]:
    """Pictures of a run that is killed before the next one is read."""
    yield from PICTURES[:count]
    raise Killed


def stores() -> list[str]:
    return ["table.csv", "parts"]


def finds_arrow(name: str) -> None:
    if not name.endswith(".csv"):
        pytest.importorskip("pyarrow", reason="pyarrow, of the extra 'cluster'")


def content(out: Path) -> dict[str, bytes]:
    files = [out] if out.is_file() else sorted(out.iterdir())
    return {file.name: file.read_bytes() for file in files}


@pytest.mark.parametrize("name", stores())
@pytest.mark.parametrize("count", [3, 4, 9, 13])
def test_a_killed_run_goes_on_and_gives_the_same_file(explainer: Explainer, tmp_path: Path, name: str, count: int):
    finds_arrow(name)
    whole, broken = tmp_path / "whole" / name, tmp_path / "broken" / name
    for out in (whole, broken):
        out.parent.mkdir()
    expected = asked(explainer, PICTURES, whole)
    with pytest.raises(Killed):
        asked(explainer, until(count), broken)
    probe = explainer.probe(explainer.picture(PICTURES[0]))
    before = probe.calls
    found = asked(explainer, iter(PICTURES), broken)
    left = -(-len(PICTURES) // 4) - count // 4
    assert probe.calls - before == left * 4  # forward, back, and a mask for each method: nothing is done twice
    assert content(broken) == content(whole)
    for column, values in expected.columns.items():
        np.testing.assert_array_equal(values, found.columns[column])
    assert str(found) == str(expected) and len(found) == 14


def test_lines_cut_off_in_the_middle_are_done_again(explainer: Explainer, tmp_path: Path):
    out = tmp_path / "table.csv"
    asked(explainer, PICTURES, out)
    whole = out.read_bytes()
    for keep in (len(whole) - 7, len(whole) // 2, 40):
        out.write_bytes(whole[:keep])
        asked(explainer, PICTURES, out)
        assert out.read_bytes() == whole


def test_a_finished_run_measures_its_last_chunk_alone(explainer: Explainer, tmp_path: Path):
    out = tmp_path / "table.csv"
    asked(explainer, PICTURES[:12], out)
    probe = explainer.probe(explainer.picture(PICTURES[0]))
    before = probe.calls
    assert len(asked(explainer, PICTURES[:12], out)) == 12
    assert probe.calls == before


def test_numbers_come_back_as_they_were(explainer: Explainer, tmp_path: Path):
    kept, free = asked(explainer, PICTURES, tmp_path / "t.csv"), evaluate(explainer, PICTURES, methods=METHODS, batch=4)
    for column, values in free.columns.items():
        np.testing.assert_array_equal(values, kept.columns[column])
    assert kept.out == str(tmp_path / "t.csv")


def test_another_run_is_refused_with_the_difference(explainer: Explainer, tmp_path: Path):
    out = tmp_path / "table.csv"
    asked(explainer, PICTURES, out)
    before = out.read_bytes()
    with pytest.raises(ValueError, match=r"another run. It differs in fill: \"each measure's own\" there, 'mean' now"):
        asked(explainer, PICTURES, out, fill="mean")
    with pytest.raises(ValueError, match=r"options: \{\} there, \{'layer': \"'conv'\"\} now"):
        asked(explainer, PICTURES, out, layer="conv")
    with pytest.raises(ValueError, match="methods: .*batch: 4 there, 5 now"):
        evaluate(explainer, PICTURES, methods=["cam"], metrics=["average_drop"], out=out, batch=5)
    other = tiny_network()
    other.get_layer("conv").set_weights([np.ones((1, 1, 1, 2)), np.zeros(2)])
    with pytest.raises(ValueError, match="It differs in network"):
        asked(Explainer(other, preprocess=halved), PICTURES, out)
    with pytest.raises(ValueError, match=r"Hand the pictures over in the same order \(no shuffling\)"):
        asked(explainer, PICTURES[::-1], out)
    assert out.read_bytes() == before


@pytest.mark.parametrize("name", stores())
def test_the_same_weights_in_another_network_are_refused(tmp_path: Path, name: str):
    finds_arrow(name)
    out = tmp_path / name
    model = tiny_network()
    with pytest.raises(Killed):
        asked(Explainer(model, preprocess=halved), until(8), out)
    before = content(out)
    other: Any = tiny_network()
    other.get_layer("conv").activation = keras.activations.tanh
    with pytest.raises(
        ValueError, match="another run. It differs in architecture: '[0-9a-f]{16}' there, '[0-9a-f]{16}"
    ):
        asked(Explainer(other, preprocess=halved), PICTURES, out)
    assert content(out) == before
    assert len(asked(Explainer(tiny_network(), preprocess=halved), PICTURES, out)) == 14  # built anew


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    """Its configuration says nothing of its layers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.conv = layers.Conv2D(2, 1, activation="relu")
        self.pool, self.classes = layers.GlobalAveragePooling2D(), layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.classes(self.pool(self.conv(x)))


class Silent(layers.Layer):
    """Has no configuration at all."""

    def get_config(self) -> Any:
        raise NotImplementedError  # as Keras itself does where a layer's arguments have no text

    def call(self, x: Any) -> Any:
        return x


def numbered(slope: float = 0.1, factor: float = 2.0, swapped: bool = False, crossed: bool = False) -> keras.Model:
    """Every name is Keras' own; lambdas, operations, seeds drawn, a branch and a nested network."""
    picture = keras.Input((8, 8, 3))
    one = layers.Conv2D(3, 1)(picture)
    two = layers.Conv2D(3, 1)(one)
    x = layers.Subtract()([two, one] if swapped else [one, two])
    x = layers.Lambda(lambda x: x * factor)(keras.ops.abs(x) if crossed else keras.ops.exp(x))
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.RandomCrop(8, 8), layers.LeakyReLU(slope)])
    return keras.Model(picture, layers.Dense(2)(layers.GlobalAveragePooling2D()(inner(x))))


def built(model: Any) -> keras.Model:
    model(np.zeros((1, 8, 8, 3), np.float32))
    return model


BUILDS = {
    "functional": numbered,
    "nested": nested_network,
    "subclassed": lambda: built(Subclassed()),
    "deferred": lambda: built(keras.Sequential([layers.Conv2D(2, 1, activation="relu"), layers.Flatten()])),
    "silent": lambda: built(keras.Sequential([layers.Conv2D(2, 1, activation="relu"), Silent()])),
}


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.parametrize("build", BUILDS)
def test_an_architecture_is_the_same_however_often_it_is_built(build: str, tmp_path: Path):
    model: Any = BUILDS[build]()
    told = architecture(model)
    assert architecture(BUILDS[build]()) == told
    if build != "silent":  # that cannot be saved
        model.save(tmp_path / "network.keras")
        loaded: Any = keras.models.load_model(tmp_path / "network.keras", safe_mode=False)
        assert architecture(loaded) == told
    model.compile("sgd", "mse")
    model.layers[-1].trainable = False
    assert architecture(model) == told
    layer: Any = next(each for each in model._flatten_layers() if isinstance(each, layers.Conv2D))
    layer.activation = keras.activations.tanh
    assert architecture(model) != told


def test_what_makes_an_architecture_another_one():
    told = [
        architecture(model)
        for model in (
            numbered(),
            numbered(slope=0.2),
            numbered(factor=3.0),
            numbered(swapped=True),
            numbered(crossed=True),
        )
    ]
    assert len({*told}) == 5


def test_another_process_tells_the_same_architecture():
    program = (
        "from tests.judge.test_resume import BUILDS, architecture\n"
        "print(*(architecture(build()) for build in BUILDS.values()))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert told.stdout.split() == [architecture(build()) for build in BUILDS.values()]


@pytest.mark.parametrize("name", stores())
@pytest.mark.parametrize("place", [1, 3, 6])
def test_another_picture_within_a_finished_chunk_is_refused(
    explainer: Explainer, tmp_path: Path, name: str, place: int
):
    finds_arrow(name)
    out = tmp_path / name
    with pytest.raises(Killed):
        asked(explainer, until(8), out)
    before = content(out)
    given = [*PICTURES]
    given[place] = 255 - given[place]
    with pytest.raises(ValueError, match=f"hold picture '{place}', and in its place, in chunk {place // 4}, is now an"):
        asked(explainer, given, out)
    assert content(out) == before


@pytest.mark.parametrize("text", ["", '{"network": "12', "[]", "\0\0"])
@pytest.mark.parametrize("name", stores())
def test_what_a_run_was_cannot_be_read(explainer: Explainer, tmp_path: Path, name: str, text: str):
    finds_arrow(name)
    out = tmp_path / name
    beside = out / "run.json" if name == "parts" else out.with_suffix(".run.json")
    asked(explainer, PICTURES[:4], out)
    told = beside.read_text()
    beside.write_text(text)
    before = content(out)
    with pytest.raises(ValueError, match=f"{beside.name}', which says what run .* Put a copy of it back, pass another"):
        asked(explainer, PICTURES, out)
    assert content(out) == before
    beside.write_text(told)
    assert len(asked(explainer, PICTURES, out)) == 14


@pytest.mark.parametrize("name", stores())
def test_killed_while_what_a_run_is_was_written(
    explainer: Explainer, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    finds_arrow(name)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("camwidget.judge.stores.os.replace", killed)
        with pytest.raises(Killed):
            asked(explainer, PICTURES, tmp_path / name)
    assert [path.name.endswith("run.json.part") for path in tmp_path.rglob("*") if path.is_file()] == [True]
    asked(explainer, PICTURES, tmp_path / name)
    assert not [*tmp_path.rglob("*.part")]


@pytest.mark.parametrize("name", stores())
def test_pictures_that_do_not_come_again_are_never_dropped(explainer: Explainer, tmp_path: Path, name: str):
    finds_arrow(name)
    out = tmp_path / name
    asked(explainer, PICTURES, out)
    before = content(out)
    for count in (4, 10, 12, 13):  # chunks of 4: some end with one, the last two without the last chunk, or with half
        with pytest.raises(ValueError, match=f"hold 14 pictures, and only {count} were handed over: the others"):
            asked(explainer, iter(PICTURES[:count]), out)
        assert content(out) == before
        with pytest.raises(Killed):
            asked(explainer, until(count), out)
        assert content(out) == before


def test_a_strangers_file_is_left_alone(explainer: Explainer, tmp_path: Path):
    out = tmp_path / "mine.csv"
    out.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="'mine.run.json', which says what run it is of, is not"):
        asked(explainer, PICTURES, out)
    assert out.read_text() == "a,b\n1,2\n"
    with pytest.raises(ValueError, match="pass a name that ends in .csv, or a folder"):
        asked(explainer, PICTURES, tmp_path / "mine.xlsx")


def test_skipped_files_are_kept_too(explainer: Explainer, tmp_path: Path):
    folder, out = tmp_path / "pictures", tmp_path / "table.csv"
    folder.mkdir()
    for n, raw in enumerate(PICTURES[:10]):
        Image.fromarray(raw).save(folder / f"{n}.png")
    for n in (0, 5):
        (folder / f"{n}.png").write_bytes(b'broken,\n"picture"')
    first = asked(explainer, folder, out)
    again = asked(explainer, folder, out)
    assert [name for name, _ in first.skipped] == ["0.png", "5.png"] == [name for name, _ in again.skipped]
    assert len(again) == 8
    (folder / "new.png").write_bytes((folder / "1.png").read_bytes())
    with pytest.raises(ValueError, match="pictures: '10 files, .* there, '11 files"):
        asked(explainer, folder, out)


def test_what_a_run_was_is_written_beside_it(explainer: Explainer, tmp_path: Path):
    asked(explainer, PICTURES, tmp_path / "table.csv", layer="conv")
    told = json.loads((tmp_path / "table.run.json").read_text())
    assert told["methods"] == METHODS and told["batch"] == 4 and told["options"] == {"layer": "'conv'"}


def test_without_the_extra_it_says_which(explainer: Explainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("pandas", "pyarrow", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"needs pyarrow.*pip install 'camwidget\[cluster\]'"):
        asked(explainer, PICTURES, tmp_path / "parts")
    with pytest.raises(ImportError, match=r"to_frame\(\) needs pandas"):
        asked(explainer, PICTURES[:2], tmp_path / "t.csv").to_frame()
    with pytest.raises(ImportError, match="client= needs distributed"):
        evaluate(explainer, PICTURES, client=object())


def test_a_data_frame(explainer: Explainer):
    pytest.importorskip("pandas", reason="pandas, of the extra 'cluster'")
    found = evaluate(explainer, PICTURES, methods=METHODS)
    frame = found.to_frame()
    assert len(frame) == 28
    drops = 1 - frame["masked_probability"] / frame["probability"]
    mean = drops.clip(lower=0).groupby(frame["method"]).mean() * 100
    for method in METHODS:
        assert mean[method] == pytest.approx(found.summary()[method]["average_drop"].value)


_PROGRAM = """
import sys, warnings
warnings.simplefilter("ignore")
from camwidget import Explainer, samples
from camwidget.judge import evaluate
pictures = [samples.scene(seed).image for seed in range(48)]
evaluate(Explainer(samples.network()), pictures, methods=["grad_cam"], metrics=["average_drop", "deletion"],
         out=sys.argv[1], batch=2)
"""


@pytest.mark.slow
def test_a_process_that_is_killed(tmp_path: Path):
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"

    def start(out: Path) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-c", _PROGRAM, str(out)], stderr=subprocess.DEVNULL)

    assert start(whole).wait(120) == 0
    running = start(broken)
    deadline = time.monotonic() + 60
    while not (broken.exists() and broken.read_bytes().count(b"\n") > 8) and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait(30) == -signal.SIGKILL
    done = broken.read_bytes().count(b"\n")
    assert 8 < done < 49
    assert start(broken).wait(120) == 0
    assert broken.read_bytes() == whole.read_bytes()
