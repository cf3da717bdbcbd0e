"""The README's examples run, and its table of methods and the page of options are those of the records."""

import re
from pathlib import Path

import pytest

from scripts.methods import OPTIONS, README, options, with_table


def test_the_table_of_methods_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_table(text) == text, "run: python scripts/methods.py"


def test_the_page_of_options_is_up_to_date() -> None:
    text = options()
    assert OPTIONS.read_text(encoding="utf-8") == text, "run: python scripts/methods.py"
    assert "| `noise` | `0.15` | their standard deviation, as a share of the picture's range, in [0, 1]. |" in text


FETCHES = "keras.applications"  # its weights come from the network
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_all_examples_can_be_typed_in_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one session, offline, in a folder that is empty at first."""
    monkeypatch.chdir(tmp_path)
    offline = [block for block in BLOCKS if FETCHES not in block]
    assert len(offline) == len(BLOCKS) - 1, "more blocks than the one with a network of Keras cannot be run offline"
    session: dict[str, object] = {}
    for number, block in enumerate(offline, 1):
        exec(compile(block, f"README.md, example {number}", "exec"), session)  # noqa: S102 # our own README
    assert {path.name for path in tmp_path.iterdir()} >= {"why.png", "atlas", "table.csv"}


def test_the_example_that_fetches_a_network_is_python() -> None:
    (block,) = (block for block in BLOCKS if FETCHES in block)
    compile(block, "README.md", "exec")


def test_no_link_of_the_readme_is_dead() -> None:
    links = re.findall(r"\]\((?!\w+:)([^)#]+)", README.read_text(encoding="utf-8"))
    assert links and not [link for link in links if not (README.parent / link).exists()]
