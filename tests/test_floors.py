"""The house stands: imports go down only, and what is heavy is imported only where it must be."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "camwidget"
MODULES = sorted(PACKAGE.rglob("*.py"))

FLOORS = ("maths", "model", "explanation", "judge", "widget")  # from the ground up
DOORS = ("__init__", "__main__")  # they show, or run, what stands on any floor
ANNEX = "samples"  # beside the house: it may use the floors, they may not use it
MATHS_MAY_IMPORT = {"numpy", "jaxtyping"} | set(sys.stdlib_module_names)
# Where a heavy package may be imported: a folder of camwidget, or one inside a folder.
HOME_OF = {
    "tensorflow": ("model", "explanation/ascent"),
    "keras": ("model", "explanation/ascent", "judge", "widget", "samples"),
}
MAX_LINES = 300


def place(module: Path) -> str:
    """The module's path inside the package, without its suffix: "maths/weigh", "__init__"."""
    return module.relative_to(PACKAGE).with_suffix("").as_posix()


def imports(module: Path) -> Iterator[tuple[int, str]]:
    """The line and the full dotted name of everything that a module imports, wherever in it the import stands."""
    folder = ["camwidget", *module.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"), str(module))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                above = folder[: len(folder) - level + 1] if level else []
                start = ".".join([*above, *([source] if source else [])])
                yield from ((node.lineno, f"{start}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name.replace(".", f"{'.'.join(folder)}.", 1) if name.startswith(".") else name


def is_within(module: Path, folders: tuple[str, ...]) -> bool:
    return any(place(module) == folder or place(module).startswith(f"{folder}/") for folder in folders)


def complaint(module: Path, line: int, words: str) -> str:
    return f"{module.relative_to(ROOT)}:{line} {words}"


def test_every_module_stands_on_a_floor():
    assert MODULES, "no modules found: every test below would pass for nothing"
    floors = {place(module).split("/")[0] for module in MODULES} - {*DOORS}
    assert floors <= {*FLOORS, ANNEX}, f"neither a floor nor the annex: {sorted(floors - {*FLOORS, ANNEX})}"
    assert floors >= {"maths", "model", "explanation", "widget"}


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_imports_go_down_only(module: Path):
    own = place(module).split("/")[0]
    if own in (*DOORS, ANNEX):
        return  # the front door shows every floor; the annex looks in through the windows
    wrong = []
    for line, name in imports(module):
        if name.split(".")[0] != "camwidget":
            continue
        target = name.split(".")[1] if "." in name else ""
        if target not in FLOORS:
            wrong.append(complaint(module, line, f"imports {name}; floors import floors below, never the front door"))
        elif FLOORS.index(target) > FLOORS.index(own):
            wrong.append(complaint(module, line, f"imports {name}, a floor above {own}"))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", [m for m in MODULES if is_within(m, ("maths",))], ids=place)
def test_maths_is_numpy_only(module: Path):
    allowed = MATHS_MAY_IMPORT | {"camwidget"}
    wrong = [
        complaint(module, line, f"imports {name}")
        for line, name in imports(module)
        if name.split(".")[0] not in allowed
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_heavy_packages_stay_at_home(module: Path):
    wrong = []
    for line, name in imports(module):
        home = HOME_OF.get(name.split(".")[0])
        if home is not None and not is_within(module, home):
            wrong.append(complaint(module, line, f"imports {name}, which belongs to {', '.join(home)}"))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "source, name",
    [
        ("import keras.ops", "keras.ops"),
        ("def f():\n    from tensorflow import nn", "tensorflow.nn"),
        ("from . import cam", "camwidget.maths.cam"),
        ("from .. import explanation", "camwidget.explanation"),
        ("from ..model.probe import Probe", "camwidget.model.probe.Probe"),
        ("import importlib\nimportlib.import_module('tensorflow')", "tensorflow"),
        ("from importlib import import_module\nimport_module('.cam', __package__)", "camwidget.maths.cam"),
    ],
)
def test_every_form_of_import_is_seen(source: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    module = tmp_path / "maths" / "trial.py"
    module.parent.mkdir()
    module.write_text(source)
    assert name in [found for _, found in imports(module)]


def test_importing_camwidget_loads_nothing_heavy():
    program = "import sys, camwidget; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "matplotlib.pyplot"} & set(loaded.stdout.split())


def test_files_stay_short():
    scripts = [path for path in (ROOT / "js").rglob("*") if path.suffix in (".js", ".ts")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *scripts]}
    long = [f"{path.relative_to(ROOT)}: {lines}" for path, lines in lengths.items() if lines > MAX_LINES]
    assert not long, f"more than {MAX_LINES} lines: " + ", ".join(long)
