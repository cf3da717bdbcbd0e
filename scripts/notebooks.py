"""Run the notebooks and save them with their pictures: `python scripts/notebooks.py notebooks/*.ipynb`.

Live widgets are left out of what is saved: a page that opens the notebook without a kernel would
look for them in vain, where their pictures say it all. Shift+Enter makes them live again.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"


def run(path: Path) -> None:
    """Execute one notebook in its own folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": path.parent}}, store_widget_state=False
    ).execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not _passes(output)]
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def _passes(output: nbformat.NotebookNode) -> bool:
    """Whether an output is of the run alone: a warning, or a progress bar, which is a widget without a picture."""
    if output.output_type == "stream":
        return output.name == "stderr"
    return set(output.get("data", {})) == {WIDGET, "text/plain"}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        run(Path(name))
