"""Where results are kept as they come: in memory, in a CSV file, or in a folder of Parquet parts.

A chunk is written whole or not at all, so that a run that was killed goes on with the first chunk that
is missing and gives the same rows in the end.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from .csv_store import CsvStore
from .parquet_store import ParquetStore, arrow
from .rows import Kept, Row


@runtime_checkable
class Store(Protocol):
    """Results by chunk."""

    def kept(self) -> dict[int, Kept]:
        """What there is of each chunk."""
        ...

    def begin(self, numbers: set[int]) -> None:
        """Leave these chunks only, before the first one is written."""
        ...

    def write(self, number: int, rows: Sequence[Row]) -> None:
        """Keep a chunk's rows."""
        ...

    def close(self) -> None:
        """Bring everything into the order of the pictures."""
        ...

    def rows(self) -> Iterator[Row]:
        """All rows."""
        ...


@dataclass(frozen=True, eq=False)
class MemoryStore:
    """Rows of a run that keeps no file."""

    results: list[Row] = field(default_factory=list)

    def kept(self) -> dict[int, Kept]:
        """Nothing of an earlier run."""
        return {}

    def begin(self, numbers: set[int]) -> None:
        """There is nothing else."""

    def write(self, number: int, rows: Sequence[Row]) -> None:
        """Keep a chunk's rows."""
        self.results.extend(rows)

    def close(self) -> None:
        """They stand as they came; `to_columns` brings them into the order of the pictures."""

    def rows(self) -> Iterator[Row]:
        """All rows."""
        return iter(self.results)


def open_store(out: str | os.PathLike | None, names: tuple[str, ...], settings: dict[str, Any]) -> Store:
    """Where a run's results go: a name that ends in .csv is a file, any other a folder of Parquet parts.

    Raises:
        ValueError: what is there comes from another run, or is no results file at all.
        ImportError: Parquet is wanted and pyarrow is missing.
    """
    if out is None:
        return MemoryStore()
    path, methods = Path(out), len(settings["methods"])
    if path.suffix.lower() == ".csv":
        path.parent.mkdir(parents=True, exist_ok=True)
        _agree(path.with_suffix(".run.json"), settings, path, exists=path.exists)
        return CsvStore(path, names, settings["batch"], methods)
    if path.suffix and not path.is_dir():
        raise ValueError(f"out={str(out)!r}: pass a name that ends in .csv, or a folder for Parquet parts.")
    arrow()
    path.mkdir(parents=True, exist_ok=True)
    told = path / "run.json"
    _agree(told, settings, path, exists=lambda: any(each != _unfinished(told) for each in path.iterdir()))
    return ParquetStore(path, names, settings["batch"], methods)


def _agree(beside: Path, settings: dict[str, Any], path: Path, exists: Callable[[], bool]) -> None:
    if not exists():
        fresh = _unfinished(beside)
        with open(fresh, "w", encoding="utf-8") as file:
            json.dump(settings, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, beside)
        return
    if not beside.exists():
        raise ValueError(
            f"{str(path)!r} is there and {beside.name!r}, which says what run it is of, is not. Pass another out=, or "
            "move it away."
        )
    before = _read(beside, path)
    told = [f"{n}: {before.get(n)!r} there, {settings.get(n)!r} now" for n in settings if before.get(n) != settings[n]]
    if told:
        raise ValueError(
            f"{str(path)!r} holds the results of another run. It differs in {'; '.join(told)}. Pass another out=, or "
            "the same settings to go on with it."
        )


def _read(beside: Path, path: Path) -> dict[str, Any]:
    try:
        before = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError:
        before = None
    if not isinstance(before, dict):
        raise ValueError(
            f"{str(beside)!r}, which says what run {str(path)!r} is of, is empty, cut off or overwritten, so nobody "
            "can tell whether it is this one. Put a copy of it back, pass another out=, or move both away."
        )
    return before


def _unfinished(beside: Path) -> Path:
    return beside.with_name(beside.name + ".part")
