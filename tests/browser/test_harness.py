"""The browser tests' own footing: a bare anywidget, a click, and the kernel knows."""

import pytest

pytestmark = pytest.mark.browser

COUNTER = """
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = '''
    export default { render({ model, el }) {
        const button = document.createElement("button");
        const paint = () => { button.textContent = `count ${model.get("count")}`; };
        button.addEventListener("click", () => {
            model.set("count", model.get("count") + 1);
            model.save_changes();
        });
        model.on("change:count", paint);
        paint();
        el.append(button);
    } }
    '''
    count = traitlets.Int(0).tag(sync=True)

w = Counter()
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_click_reaches_the_kernel_and_the_kernel_the_page(lab, theme):
    notebook = lab([COUNTER, "w"], theme=theme, size=(900, 600))

    notebook.page.get_by_role("button", name="count 0").click()
    notebook.wait_for("w.count == 1")
    notebook.run("w.count = 41")
    notebook.page.get_by_role("button", name="count 41").click()
    notebook.page.get_by_role("button", name="count 42").wait_for()
    notebook.wait_for("w.count == 42")

    assert notebook.value("w.count") == 42
    assert notebook.run("print('seen')") == "seen\n"
    is_light = notebook.page.locator("body").get_attribute("data-jp-theme-light")
    assert is_light == ("true" if theme == "light" else "false")
    assert notebook.screenshot(f"harness-{theme}").stat().st_size > 1000


def test_what_raises_in_the_notebook_fails_the_test(lab):
    notebook = lab(["x = 1"])

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        notebook.run("x / 0")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab(["1 / 0"])
