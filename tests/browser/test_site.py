"""The built site: no dead link, nothing fetched from elsewhere, and a front page whose widget answers."""

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.notebook import SHOTS

SITE = Path(__file__).parents[2] / "build" / "docs"
PAGES = [page for page in sorted(SITE.rglob("*.html")) if "_static" not in page.parts]  # the theme's own templates

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not PAGES, reason="the site is not built: make docs builds it and runs these tests"),
]


class Links(HTMLParser):
    """What a page points to, what it loads, and what in it can be pointed to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name == "id":
                self.anchors.add(value)
            elif name in ("href", "src"):
                (self.links if tag == "a" else self.loads).append(value)


@cache
def read(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def test_no_link_is_dead():
    dead = []
    for page in PAGES:
        for link in read(page).links + read(page).loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if target.is_dir():
                target /= "index.html"
            here = f"{page.relative_to(SITE)}: {link}"
            if not target.is_file():
                dead.append(here)
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in read(target).anchors:
                dead.append(f"{here} (no such place in the page)")
    assert not dead, "\n".join(dead)


def test_pages_load_nothing_from_elsewhere():
    """A notebook's Colab badge is a picture of Colab's; all else is ours."""
    foreign = [
        f"{page.relative_to(SITE)}: {address}"
        for page in PAGES
        for address in read(page).loads
        if urlsplit(address).netloc and "colab-badge" not in address
    ]
    assert not foreign, "\n".join(foreign)


def test_every_public_name_has_an_entry():
    import camwidget

    anchors = read(SITE / "reference.html").anchors
    assert not [
        name for name in camwidget.__all__ if name not in ("METHODS", "samples") and f"camwidget.{name}" not in anchors
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1300), ("dark", 420)])
def test_the_front_page_answers(chromium: Browser, scheme: str, width: int):
    """Choosing a filter in the embedded widget repaints its map, without a network."""
    context = chromium.new_context(
        offline=True,
        color_scheme=scheme,  # type: ignore[arg-type] # one of its words
        viewport={"width": width, "height": 1400},
    )
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((SITE / "index.html").as_uri())
    widget = page.frame_locator("iframe")
    widget.locator(".camwidget[data-seq='1']").wait_for()
    canvas = widget.locator(".cw-stage canvas").first
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    widget.get_by_role("option", name="Filter 16", exact=True).click()
    expect(widget.get_by_role("option", name="Filter 16", exact=True)).to_have_attribute("aria-selected", "true")
    canvas.evaluate(
        """(canvas, before) => new Promise((done) => {
            const look = () => canvas.toDataURL() === before ? requestAnimationFrame(look) : done();
            look();
        })""",
        before,
    )
    page.screenshot(path=SHOTS / f"site-{scheme}-{width}.png", full_page=True)
    assert said == []
    context.close()
