"""The shell's way in: the same table, notes and errors in words, a status."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camwidget import samples
from camwidget.__main__ import main
from camwidget.explanation import Explainer
from camwidget.judge import evaluate
from camwidget.samples.material import FOLDER

MODEL = str(FOLDER / "scenes_gap.keras")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pictures")
    for seed in range(5):
        Image.fromarray(samples.scene(seed).image).save(made / f"{seed}.png")
    (made / "5.png").write_bytes(b"no picture")
    return made


def test_a_folder_from_a_shell(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys.modules["camwidget.judge.evaluate"], "_DELAY", 0)  # a bar, however fast it goes
    out, page, names = tmp_path / "table.csv", tmp_path / "table.html", tmp_path / "names.txt"
    names.write_text("\n".join(samples.CLASS_NAMES))
    words = ["evaluate", MODEL, str(folder), "--methods", "grad_cam", "layer_cam", "--metrics", "average_drop"]
    words += ["--out", str(out), "--page", str(page), "--classes", str(names), "--layer", "block3_relu2"]
    assert main(words) == 0
    said, bar = capsys.readouterr()
    explainer = Explainer(samples.network(), class_names=samples.CLASS_NAMES)
    options = {"methods": ["grad_cam", "layer_cam"], "metrics": ["average_drop"], "layer": "block3_relu2"}
    found = evaluate(explainer, folder, **options)  # type: ignore[arg-type] # what they are, it checks
    assert said.strip() == str(found)
    assert "5 pictures, 1 skipped" in said and "1 files could not be read" in said
    assert "6/6" in bar
    assert len(out.read_text().splitlines()) == 1 + 2 * 5 + 1
    assert page.read_text().count("data:image/jpeg") == 5 * 3
    again = evaluate(explainer, folder, out=out, **options)  # type: ignore[arg-type] # the same
    np.testing.assert_array_equal(again.columns["masked_probability"], found.columns["masked_probability"])


@pytest.mark.parametrize(
    "words, message",
    [
        (["{model}", "{folder}", "--methods", "grad"], "camwidget evaluate: No method 'grad'"),
        (["{model}", "{folder}", "--layer", "nowhere"], "camwidget evaluate: No layer 'nowhere'"),
        (["{model}", "/nowhere"], "camwidget evaluate: No folder at '/nowhere'"),
        (["/nowhere.keras", "{folder}"], "camwidget evaluate: .*nowhere.keras"),
    ],
)
def test_errors_in_words(folder: Path, words: list[str], message: str, capsys: pytest.CaptureFixture):
    filled = [word.format(model=MODEL, folder=folder) for word in words]
    assert main(["evaluate", *filled, "--quiet"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.match(message, said.err, re.DOTALL)


def test_help_names_the_subcommands():
    run = subprocess.run([sys.executable, "-m", "camwidget", "--help"], capture_output=True, text=True, check=True)
    assert "evaluate" in run.stdout and "measure methods on a folder" in run.stdout
    with pytest.raises(SystemExit):
        main(["evaluat"])
