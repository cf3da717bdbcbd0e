"""The README's table of methods, and the page of options, are those of the records."""

from scripts.methods import OPTIONS, README, options, with_table


def test_the_table_of_methods_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_table(text) == text, "run: python scripts/methods.py"


def test_the_page_of_options_is_up_to_date() -> None:
    text = options()
    assert OPTIONS.read_text(encoding="utf-8") == text, "run: python scripts/methods.py"
    assert "| `noise` | `0.15` | their standard deviation, as a share of the picture's range, in [0, 1]. |" in text
