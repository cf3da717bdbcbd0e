"""The notebooks are really run: every cell of each, and the first one word for word."""

import json
import os
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import IPyNbCell

from scripts.demo import copy_notebooks

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CONTRACT = "01_quickstart.ipynb"  # every output of it is compared; of the others, those cells that ask for it
COMPARED, IGNORED = "nbval-check-output", "NBVAL_IGNORE_OUTPUT"
REPOSITORY = json.loads((ROOT / "package.json").read_text())["repository"]
ADDRESS = f"https://colab.research.google.com/github/{REPOSITORY.split('github.com/')[1]}/blob/main/notebooks"
BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
INSTALL = f"""\
# In Colab this installs the package; anywhere else it does nothing.
import sys

if "google.colab" in sys.modules:
    %pip install -q "git+{REPOSITORY}"
"""


def code_cells(notebook: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]


@pytest.fixture
def collected(request: pytest.FixtureRequest) -> list[IPyNbCell]:
    """The cells that this run of pytest will run."""
    asked = [Path(argument).resolve() for argument in request.config.args]
    if FOLDER not in asked:
        pytest.skip("the notebooks are not part of this run: make test runs them")
    return [item for item in request.session.items if isinstance(item, IPyNbCell)]


def test_every_cell_is_run(collected: list[IPyNbCell], request: pytest.FixtureRequest):
    expected = {notebook.name: len(code_cells(notebook)) for notebook in NOTEBOOKS}
    assert expected, "no notebooks found"
    assert Counter(cell.path.name for cell in collected) == expected
    assert not [cell.name for cell in collected if cell.options["skip"] or cell.options["check_exception"]]
    assert request.config.getoption("nbval_cell_timeout") == 300


def test_the_contract_is_compared_word_for_word(collected: list[IPyNbCell]):
    contract = [cell for cell in collected if cell.path.name == CONTRACT]
    lax = [cell.name for cell in contract if not cell.options["check"] and IGNORED not in cell.cell.source]
    assert contract and not lax, f"tag these cells of {CONTRACT} with {COMPARED}: {lax}"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_each_notebook_compares_a_table_of_its_own(notebook: Path):
    """Rounded numbers that it prints are compared with those that are stored in it."""
    tagged = [cell for cell in code_cells(notebook) if COMPARED in cell.metadata.get("tags", [])]
    printed = [output for cell in tagged for output in cell.outputs if output.output_type == "stream"]
    assert printed, f"tag at least one cell that prints its result with {COMPARED}, and store what it prints"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_each_notebook_opens_in_colab(notebook: Path):
    first, second = nbformat.read(notebook, as_version=4).cells[:2]
    assert f"{BADGE}({ADDRESS}/{notebook.name})" in first.source
    assert second.source == INSTALL.strip()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_the_stored_outputs_are_whole(notebook: Path):
    """What a reader on GitHub sees: every cell was run, in order, and none failed."""
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


def test_the_demo_runs_copies_and_keeps_what_was_saved_in_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """JupyterLab saves by itself; into the originals, it would take the outputs away that are compared here."""
    originals, copies = tmp_path / "originals", tmp_path / "build" / "copies"
    originals.mkdir()
    for name in ("1.ipynb", "2.ipynb"):
        (originals / name).write_text(f"original {name}")
    copy_notebooks(originals, copies)
    assert [(copies / name).read_text() for name in ("1.ipynb", "2.ipynb")] == ["original 1.ipynb", "original 2.ipynb"]
    (copies / "1.ipynb").write_text("mine")
    copy_notebooks(originals, copies)
    assert (copies / "1.ipynb").read_text() == "mine" and capsys.readouterr().out == ""
    os.utime(originals / "1.ipynb", (2e9, 2e9))
    copy_notebooks(originals, copies)
    assert (copies / "1.ipynb").read_text() == "mine" and "1.ipynb has changed since" in capsys.readouterr().out
