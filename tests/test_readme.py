"""The README's table of methods is that of the records."""

from scripts.methods import README, with_table


def test_the_table_of_methods_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_table(text) == text, "run: python scripts/methods.py"
