"""What axe-core finds: text too faint to read, controls without a name, roles that do not fit."""

from pathlib import Path

from playwright.sync_api import Locator

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# The notebook's own page is not ours, so the rules that speak of whole pages have nothing to say here.
FIND = """async element => (await axe.run(element, { resultTypes: ["violations"] })).violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`))"""


def assert_accessible(part: Locator) -> None:
    """Fail where axe-core finds a serious or critical violation in a part of the page."""
    page = part.page
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = part.evaluate(FIND)
    assert found == [], "\n".join(found)
