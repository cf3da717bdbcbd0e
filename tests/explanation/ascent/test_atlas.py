"""The atlas: whole, searchable, and resumed after every kind of end."""

import errno
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from camwidget import Explainer, filter_atlas
from camwidget.__main__ import main
from camwidget.explanation.ascent import PRESETS, Ascent, Frame, Preset, channel, prepare
from camwidget.explanation.ascent.parameterisations import PARAMETERISATIONS
from camwidget.explanation.ascent.presets import standardised
from camwidget.explanation.ascent.transforms import rotate
from camwidget.explanation.atlas import build
from camwidget.explanation.atlas.store import slug
from tests.explanation.ascent.networks import forked_network, headed_network, linear_network

CLASSES = ["plum & fig", "<pear>", "lime"]


def make(explainer: Explainer, folder: Path, **options: Any) -> Path:
    return filter_atlas(explainer, folder, **{"steps": 3, "progress": False, **options})


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_picture_is_on_a_page_and_every_link_leads_somewhere(headed: Explainer, tmp_path: Path) -> None:
    index = make(headed, tmp_path / "atlas")
    folder = index.parent
    assert {path.stem for path in folder.glob("*.html")} == {"index", "layer-conv", "layer-units", "layer-classes"}
    for page in folder.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "://" not in text and "$" not in text.replace("${shown}", "").replace("${items.length}", "")
        sources = re.findall(r'(?:src|href)="([^"]+)"', text)
        assert sources and all((folder / source).is_file() for source in sources)
        assert text.count("<img") == text.count('<img loading="lazy"')
    text = (folder / "layer-classes.html").read_text(encoding="utf-8")
    assert "plum &amp; fig" in text and "&lt;pear&gt;" in text and "<pear>" not in text
    text = (folder / "layer-conv.html").read_text(encoding="utf-8")
    assert text.count("<figure") == 4 and text.count('class="silent"') == 1 and "7 x 9 x 4" in text
    with Image.open(folder / "pictures" / "conv" / "0003.png") as picture:
        assert picture.size == (9, 7)
    assert "12 pictures" in index.read_text(encoding="utf-8")


@pytest.mark.parametrize("end", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_after_an_end_the_same_call_goes_on(
    headed: Explainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    whole = files(make(headed, tmp_path / "whole").parent)
    written: list[str] = []
    original = Path.write_bytes

    def write(self: Path, content: bytes) -> int:
        if "units" in str(self) and len([name for name in written if "units" in name]) >= 2:
            original(self, content[:3])  # as far as there was room
            raise end
        written.append(str(self))
        return original(self, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(type(end)) as raised:
        make(headed, tmp_path / "again")
    if isinstance(end, OSError):
        assert re.search(r"The disk of '.*again' is full\. .* to go on with it", str(raised.value))
    monkeypatch.undo()
    half = files(tmp_path / "again")
    assert "pictures/conv/done.json" in half and "pictures/units/done.json" not in half
    climbed: list[int] = []
    monkeypatch.setattr(
        build, "climbed", lambda batch, **o: climbed.append(len(batch.objectives)) or module_climbed(batch, **o)
    )
    make(headed, tmp_path / "again")
    assert climbed == [5, 3]  # the units and the classes, not the four filters again
    left = {name: content for name, content in files(tmp_path / "again").items() if not name.endswith(".part")}
    assert left == whole
    climbed.clear()
    make(headed, tmp_path / "again")
    assert climbed == []


module_climbed, module_climb = build.climbed, build.climb


def test_other_settings_or_weights_are_no_continuation(headed: Explainer, tmp_path: Path) -> None:
    make(headed, tmp_path / "atlas", layers=["conv"])
    with pytest.raises(ValueError, match=r"made with other settings: steps was 3 and is 4\. Choose another folder"):
        make(headed, tmp_path / "atlas", layers=["conv"], steps=4)
    other = headed_network()
    other.get_layer("units").set_weights([weight + 1 for weight in other.get_layer("units").get_weights()])
    with pytest.raises(ValueError, match=r"weights and colours was"):
        make(Explainer(other), tmp_path / "atlas", layers=["conv"])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"exists and is no atlas\. Pass a new or empty folder"):
        make(headed, tmp_path / "mine")


def changes(preset: Preset) -> list[tuple[Preset, str]]:
    """The recipe with one thing changed, its name kept, and what is said of it."""
    return [
        (replace(preset, leak=0.2), r"leak was 0\.3 and is 0\.2"),
        (replace(preset, optimizer=lambda: keras.optimizers.SGD(6.0)), r"optimizer was .*12\.0.* and is .*6\.0"),
        (replace(preset, transforms=(*preset.transforms[:-1], rotate(9))), r"transforms was .*'rotate', "),
        (replace(preset, penalties=preset.penalties[:1]), r"penalties was .*'l2'.* and is .*'total_variation', 0\.05"),
        (replace(preset, show=standardised), r"show was .* and is standardised"),
        (replace(preset, parameterisation=PARAMETERISATIONS["pixels"]), r"parameterisation was fourier and is pixels"),
    ]


def test_the_classes_of_one_output_are_no_continuation_of_another(tmp_path: Path) -> None:
    explainer = Explainer(forked_network(), preprocess=None)
    make(explainer, tmp_path, layers=["logits"], output="ripe")
    assert len(list(tmp_path.rglob("*.png"))) == 2
    with pytest.raises(ValueError, match=r"output was ripe and is fruit"):
        make(explainer, tmp_path, layers=["logits"], output="fruit")


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.parametrize("output", ["ripe", "1"])
def test_the_command_takes_one_of_several_outputs(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forked_network().save(tmp_path / "forked.keras")
    words = [
        "atlas",
        f"{tmp_path / 'forked.keras'}",
        "--out",
        f"{tmp_path / 'atlas'}",
        "--layers",
        "logits",
        "--steps",
        "1",
    ]
    assert main([*words, "--range", "0", "1", "--output", output]) == 0
    assert len(list((tmp_path / "atlas").rglob("*.png"))) == 2  # of ripe; fruit has three
    assert main([*words, "--range", "0", "1", "--output", "colour"]) == 2
    assert "No output 'colour'. The network's outputs: 'fruit', 'ripe'." in capsys.readouterr().err


def test_a_changed_recipe_of_the_same_name_is_no_continuation(headed: Explainer, tmp_path: Path) -> None:
    fourier = PRESETS["fourier"]
    make(headed, tmp_path / "atlas", layers=["classes"])
    before = files(tmp_path / "atlas")
    for changed, said in changes(fourier):
        with pytest.raises(ValueError, match=f"made with other settings: {said}"):
            make(headed, tmp_path / "atlas", layers=["classes"], preset=changed)
    make(headed, tmp_path / "atlas", layers=["classes"], preset=replace(fourier, source="mine"))
    assert files(tmp_path / "atlas") == before


def test_every_weight_and_the_colours_count(headed: Explainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one of a network so large that its fingerprint reads but some of them."""
    monkeypatch.setattr("camwidget.model.fingerprint._READ_WHOLE", 0)
    make(Explainer(headed_network()), tmp_path / "atlas", layers=["classes"])
    other = headed_network()
    kernel, bias = other.get_layer("conv").get_weights()
    kernel[1, 1, 1, 1] += 0.5
    other.get_layer("conv").set_weights([kernel, bias])
    prints = [Explainer(model).probe_of_size(7, 9).fingerprint() for model in (other, headed_network())]
    assert prints[0] == prints[1]
    for changed in (Explainer(other), Explainer(headed_network(), preprocess=lambda picture: picture / 2)):
        with pytest.raises(ValueError, match=r"weights and colours was"):
            make(changed, tmp_path / "atlas", layers=["classes"])


def test_how_the_network_is_built_counts_too(headed: Explainer, tmp_path: Path) -> None:
    """The same weights behind another activation."""
    make(headed, tmp_path / "atlas", layers=["classes"])
    other = headed_network()
    other.get_layer("conv").activation = keras.activations.tanh
    other.set_weights(headed.model.get_weights())
    with pytest.raises(ValueError, match=r"other settings: architecture was \w+ and is"):
        make(Explainer(other), tmp_path / "atlas", layers=["classes"])


def test_the_cost_is_said_first(headed: Explainer, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    make(headed, tmp_path / "atlas", progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert re.match(r"12 pictures of 7 x 9 pixels in 3 layers: about \d+ seconds and 0 MB\.", lines[0])


def test_steps_at_half_the_size_cost_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock goes by the pixels of a step, a second for each of full size; two filters are climbed together."""
    explainer = Explainer(linear_network((None, None, 1)), preprocess=lambda picture: picture / 255)
    clock = [0.0]

    def climb(ascent: Ascent) -> Iterator[Frame]:
        for frame in module_climb(ascent):
            clock[0] += frame.shape[0] * frame.shape[1] / (24 * 30)
            yield frame

    monkeypatch.setattr(build, "climb", climb)
    monkeypatch.setattr(build, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    ascent = prepare(explainer, [channel("conv", 0), channel("conv", 1)], size=(24, 30), steps=40)
    # 20 steps at each size, 23 x 29 and 11 x 14 neurons; half a second for a picture's step, and 3 to compile
    seconds = 3 + 2 * 20 * 0.5 * (1 + 11 * 14 / (23 * 29))
    assert f"{seconds:.0f}" == "28"
    said = build.cost({"conv": ascent}, {"conv": [0, 1]})
    assert said.startswith("2 pictures of 24 x 30 pixels in 1 layers: about 28 seconds and 0 MB.")


def test_every_layer_has_files_of_its_own(tmp_path: Path) -> None:
    assert slug("backbone#2/conv 1") == "backbone=232=2Fconv=201"
    names = ["a#2", "a_2", "a=232", "a/b", "a--b", "a_b", "a=2Fb", "a.b", "..", "index", "atlas"]
    assert len({slug(name) for name in names}) == len(names) and slug("..") != ".."
    inputs = keras.Input((7, 9, 3))
    x = layers.Conv2D(3, 3, name="a_2")(inputs)
    again = layers.Conv2D(3, 1, name="a")
    x = layers.Dense(2, name="index")(layers.Flatten()(again(again(x))))
    index = make(Explainer(keras.Model(inputs, x), preprocess=None), tmp_path / "atlas")
    text = index.read_text(encoding="utf-8")
    pages = ["layer-a_2.html", "layer-a.html", "layer-a=232.html", "layer-index.html"]
    assert re.findall('<a href="([^"]*)"', text) == pages
    assert "11 pictures" in text and len(list(index.parent.rglob("*.png"))) == 3 + 3 + 3 + 2


def test_a_layer_called_logits_is_a_layer_and_not_the_classes(tmp_path: Path) -> None:
    inputs = keras.Input((7, 9, 3))
    x = layers.Dense(5, name="logits")(layers.GlobalAveragePooling2D()(inputs))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="classes")(x))
    explainer = Explainer(model, preprocess=None, class_names=CLASSES)
    index = make(explainer, tmp_path / "atlas")
    assert "8 pictures" in index.read_text(encoding="utf-8")
    assert (index.parent / "layer-logits.html").read_text(encoding="utf-8").count("unit ") >= 5
    index = make(explainer, tmp_path / "classes", layers=["logits"])
    assert "plum &amp; fig" in (index.parent / "layer-logits.html").read_text(encoding="utf-8")


# Keras saves weights by an interface that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_command_line(headed: Explainer, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    headed.model.save(tmp_path / "net.keras")
    (tmp_path / "names.txt").write_text("\n".join(CLASSES))
    words = ["atlas", str(tmp_path / "net.keras"), "--out", str(tmp_path / "atlas"), "--steps", "2"]
    assert main([*words, "--layers", "classes", "--classes", str(tmp_path / "names.txt"), "--range", "0", "255"]) == 0
    assert "plum &amp; fig" in (tmp_path / "atlas" / "layer-classes.html").read_text(encoding="utf-8")
    settings = json.loads((tmp_path / "atlas" / "atlas.json").read_text())
    assert settings["steps"] == 2 and settings["size"] == [7, 9]
    for wrong, said in (
        (["atlas", str(tmp_path / "no.keras"), "--out", str(tmp_path / "x")], "No network at"),
        ([*words, "--preset", "furier"], "Did you mean 'fourier'?"),
    ):
        assert main(wrong) == 2 and said in capsys.readouterr().err


def test_a_damaged_file_is_no_network(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "net.keras").write_bytes(np.arange(100, dtype=np.uint8).tobytes())
    assert main(["atlas", str(tmp_path / "net.keras"), "--out", str(tmp_path / "x")]) == 2
    assert "cannot be read as a network of Keras 3" in capsys.readouterr().err
