"""The blind trial by keyboard alone, in a real JupyterLab."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.browser

TRIAL = """
from camwidget import Explainer, TrustStudy, samples
explainer = Explainer(samples.network(), class_names=samples.CLASS_NAMES)
study = TrustStudy(explainer, [samples.scene(n).image for n in range(6)], judge="ann", path={path!r})
study
"""
FAILING = """
fails = Explainer(samples.network(), class_names=samples.CLASS_NAMES)
maps, broken = fails.answer, ["the graphics card is full"]
def answer(picture, query):
    if broken:
        raise RuntimeError(broken.pop())
    return maps(picture, query)
fails.answer = answer
TrustStudy(fails, [samples.scene(n).image for n in range(2)])
"""
NAMES = ("grad_cam", "grad-cam", "gradcam")


def assert_blind(notebook: Notebook) -> None:
    markup = notebook.page.locator(".jp-OutputArea").first.evaluate("element => element.outerHTML").lower()
    assert not any(name in markup for name in NAMES)


def assert_skips(notebook: Notebook, name: str) -> None:
    """A picture without maps is skipped by keyboard, and the result says so."""
    notebook.run_cell(1)
    trial = notebook.cell(1).locator(".cw-trial")
    skip = trial.get_by_role("button", name="Skip this picture")
    expect(trial.get_by_role("alert")).to_contain_text("the graphics card is full")
    expect(trial.get_by_role("button", name="A", exact=True)).to_be_hidden()
    notebook.screenshot(f"{name}-failed", trial)
    skip.focus()
    notebook.page.keyboard.press("a")  # nothing to judge
    notebook.page.keyboard.press("Enter")
    expect(trial.get_by_role("button", name="A", exact=True)).to_be_focused()
    expect(trial.get_by_role("img")).to_have_count(3)
    notebook.page.keyboard.press("b")
    expect(trial.get_by_role("button", name="Show the result")).to_be_focused()
    notebook.page.keyboard.press("Enter")
    expect(trial.locator(".cw-trial-said")).to_contain_text("Skipped, because there were no maps: 1.")


@pytest.mark.parametrize(("theme", "size"), [("light", (1280, 900)), ("dark", (1280, 900)), ("light", (500, 900))])
def test_a_whole_trial_by_keyboard(
    lab: Callable[..., Notebook], tmp_path: Path, theme: str, size: tuple[int, int]
) -> None:
    notebook = lab([TRIAL.format(path=str(tmp_path / "ann.json")), FAILING], theme=theme, size=size, run=False)
    notebook.run_cell(0)
    page, name = notebook.page, f"trial-{theme}-{size[0]}"
    trial = notebook.cell(0).locator(".cw-trial")
    count, status = trial.locator(".cw-trial-count"), trial.get_by_role("status")
    press = trial.get_by_role("button", name="A", exact=True)
    expect(count).to_have_text("1 of 6")
    expect(trial.get_by_role("img")).to_have_count(3)
    assert_blind(notebook)

    press.focus()
    for expected in ("B", "Same", "Undo"):  # the order of focus
        page.keyboard.press("Tab")
        expect(trial.get_by_role("button", name=expected, exact=True)).to_be_focused()
    answers: list[str] = []
    for key, answer in (("a", "left"), ("b", "right"), ("ArrowDown", "same")):
        page.keyboard.press(key)
        answers.append(answer)
        expect(count).to_have_text(f"{len(answers) + 1} of 6")
        expect(status).to_contain_text(f"{len(answers) + 1} of 6. Class: ")
    notebook.wait_for(f"study.answers == {answers}")
    page.keyboard.press("Backspace")
    expect(count).to_have_text("3 of 6")
    page.keyboard.press("s")
    expect(count).to_have_text("4 of 6")
    assert_blind(notebook)
    notebook.screenshot(f"{name}-asking", trial)
    assert_accessible(trial)

    page.on("dialog", lambda dialog: dialog.accept())  # the notebook is left unsaved: the votes are in their own file
    page.reload()
    notebook.cell(0).locator(".cm-content").wait_for()
    notebook.run_cell(0)
    expect(count).to_have_text("4 of 6")
    assert_blind(notebook)
    press.focus()
    for key, answer in (("ArrowRight", "right"), ("ArrowLeft", "left"), ("s", "same")):
        page.keyboard.press(key)
        answers.append(answer)
        if len(answers) < 6:
            expect(count).to_have_text(f"{len(answers) + 1} of 6")
    reveal = trial.get_by_role("button", name="Show the result")
    expect(reveal).to_be_focused()
    notebook.wait_for(f"study.answers == {answers}")
    assert_blind(notebook)
    notebook.screenshot(f"{name}-ending", trial)
    page.keyboard.press("Backspace")
    expect(count).to_have_text("6 of 6")
    expect(press).to_be_focused()
    page.keyboard.press("s")
    expect(reveal).to_be_focused()
    page.keyboard.press("Enter")

    table = trial.get_by_role("table", name="Result")
    rows = table.get_by_role("row")
    expect(rows).to_have_count(4)
    scores = notebook.value("[(o, s.value, s.low, s.high) for o, s in study.scores.items()]")
    for n, (option, value, low, high) in enumerate(scores):
        title = {"grad_cam": "Grad-CAM", "grad_cam++": "Grad-CAM++", "same": "Same"}[option]
        expect(rows.nth(n + 1)).to_have_text(f"{title}{value:.0f}{value:.2f}{low:.2f} to {high:.2f}")
    expect(trial.locator(".cw-trial-said")).to_be_focused()
    expect(trial.get_by_role("button")).to_have_count(0)
    page.keyboard.press("Backspace")  # final
    expect(rows).to_have_count(4)
    notebook.screenshot(f"{name}-result", trial)
    assert_accessible(trial)
    assert_skips(notebook, name)
    assert notebook.value(f"len(TrustStudy.load({str(tmp_path / 'ann.json')!r}).votes)") == 6
    assert notebook.errors == []
