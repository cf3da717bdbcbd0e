"""What a user gets: the wheel holds what it must, and works without Node, far from this folder."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
STATIC = "camwidget/widget/static"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, so that both are shown to be whole."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    build = subprocess.run(command, capture_output=True, text=True)
    assert build.returncode == 0, build.stdout + build.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_is_whole(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        for file in (ROOT / STATIC).iterdir():
            assert archive.read(f"{STATIC}/{file.name}") == file.read_bytes()
        samples = [entry for entry in archive.infolist() if entry.filename.startswith("camwidget/samples/")]

    assert any(entry.filename.endswith(".keras") for entry in samples), "no trained sample network"
    assert sum(entry.file_size for entry in samples) < 3_000_000, "the samples are to stay under 3 MB"
    assert {name.split("/")[0] for name in names} == {"camwidget", wheel.name.rsplit("-", 3)[0] + ".dist-info"}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "camwidget").rglob("*.py")}
    assert modules <= set(names)


def test_there_is_one_version(wheel: Path):
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert wheel.name == f"camwidget-{package['version']}-py3-none-any.whl"
    assert lock["version"] == lock["packages"][""]["version"] == package["version"]


def test_the_lock_file_names_no_address():
    assert "://" not in (ROOT / "package-lock.json").read_text()


def test_the_wheel_makes_a_widget_without_node(wheel: Path, tmp_path: Path):
    target, empty, no_programs = (tmp_path / name for name in ("target", "empty", "bin"))
    empty.mkdir()
    no_programs.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--target", str(target), str(wheel)], check=True)
    program = """
import camwidget
from camwidget import CamWidget, samples

widget = CamWidget(samples.network(), samples.scene(7).image)
print(camwidget.__file__, len(str(widget._esm)), len(str(widget._css)), sep="\\n")
widget.close()
"""
    environment = {**os.environ, "PATH": str(no_programs), "PYTHONPATH": str(target)}
    run = subprocess.run([sys.executable, "-c", program], cwd=empty, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    file, script, styles = run.stdout.splitlines()[-3:]
    assert Path(file).is_relative_to(target), "this was the checkout, not the wheel"
    assert int(script) > 1000
    assert int(styles) > 100
