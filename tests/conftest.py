"""What every test shares: the folder of real networks and pictures, and quiet libraries."""

import os
from pathlib import Path

import pytest

# Before anything imports TensorFlow or matplotlib.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "agg")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--real-data",
        metavar="DIR",
        type=Path,
        default=None,
        help="folder of real networks and pictures; tests that want it are skipped without it",
    )


@pytest.fixture(scope="session")
def real_data(pytestconfig: pytest.Config) -> Path:
    """The folder of real networks and pictures given by --real-data; skips the test where it is not given."""
    folder: Path | None = pytestconfig.getoption("--real-data")
    if folder is None:
        pytest.skip("real networks and pictures: give their folder with --real-data DIR")
    if not folder.is_dir():
        pytest.fail(f"--real-data {folder}: no such folder")
    return folder.resolve()
