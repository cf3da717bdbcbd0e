"""Where results are kept as they come: in memory, in a CSV file, or in a folder of Parquet parts.

A chunk is written whole or not at all, so that a run that was killed goes on with the first chunk that
is missing and gives the same rows in the end.
"""

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from .optional import imported
from .rows import TEXT, WHOLE, Row, Value, empty


@runtime_checkable
class Store(Protocol):
    """Results by chunk."""

    def done(self) -> dict[int, tuple[str, str]]:
        """Chunks that are whole, and for each the name and key of its first picture that was read."""
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

    kept: list[Row] = field(default_factory=list)

    def done(self) -> dict[int, tuple[str, str]]:
        """Chunks that are whole, see `Store`."""
        return {}

    def write(self, number: int, rows: Sequence[Row]) -> None:
        """Keep a chunk's rows."""
        self.kept.extend(rows)

    def close(self) -> None:
        """They are in order already."""

    def rows(self) -> Iterator[Row]:
        """All rows."""
        return iter(self.kept)


@dataclass(frozen=True, eq=False)
class CsvStore:
    """A CSV file that grows chunk by chunk, with a header line; what the run was stands beside it in `.run.json`.

    Attributes:
        path: of the file.
        names: of the columns.
        size: pictures in a chunk.
        methods: rows for each picture.
    """

    path: Path
    names: tuple[str, ...]
    size: int
    methods: int

    def done(self) -> dict[int, tuple[str, str]]:
        """Chunks that are whole, see `Store`."""
        found = {}
        for number, rows in self._chunks():
            if self._is_whole(rows):
                found[number] = _first_read(self.names, rows)
        self._rewrite(set(found))
        return found

    def write(self, number: int, rows: Sequence[Row]) -> None:
        """Keep a chunk's rows."""
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            file.write(_lines(map(_texts, rows)))
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Bring everything into the order of the pictures."""
        starts = [number for number, _ in self._chunks()]
        if starts != sorted(starts):
            self._rewrite(set(starts))

    def rows(self) -> Iterator[Row]:
        """All rows."""
        for _, rows in self._chunks():
            yield from rows

    def _chunks(self) -> Iterator[tuple[int, list[Row]]]:
        """Chunks as they stand in the file; a last line that was cut off is left out."""
        if not self.path.exists():
            return
        with open(self.path, encoding="utf-8", newline="") as file:
            whole = csv.reader(_finished(file))
            next(whole, None)
            rows = (_values(self.names, texts) for texts in whole if len(texts) == len(self.names))
            for number, some in groupby(rows, key=lambda row: int(row[0]) // self.size):
                yield number, list(some)

    def _is_whole(self, rows: Sequence[Row]) -> bool:
        # Of the last chunk nobody knows how many pictures it has: it is done again.
        method = self.names.index("method")
        wanted = sum(self.methods if any(row[method] for row in some) else 1 for some in _by_picture(rows))
        return len(_by_picture(rows)) == self.size and len(rows) == wanted

    def _rewrite(self, numbers: set[int]) -> None:
        """Keep these chunks only, in order, without ever holding more than one of them."""
        places: dict[int, tuple[int, int]] = {}
        if self.path.exists():
            places = self._places()
        fresh = self.path.with_name(self.path.name + ".part")
        with open(fresh, "wb") as file:
            file.write(_lines([list(self.names)]).encode())
            if places:
                with open(self.path, "rb") as old:
                    for number in sorted(numbers):
                        start, end = places[number]
                        old.seek(start)
                        file.write(old.read(end - start))
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self.path)

    def _places(self) -> dict[int, tuple[int, int]]:
        """Where in the file each chunk begins and ends, in bytes. A row is one line: no text holds a line break."""
        places: dict[int, tuple[int, int]] = {}
        with open(self.path, "rb") as file:
            position = len(file.readline())
            for line in file:
                if not line.endswith(b"\n"):
                    break
                number = int(line.split(b",", 1)[0]) // self.size
                start = places.get(number, (position, 0))[0]
                position += len(line)
                places[number] = (start, position)
        return places


@dataclass(frozen=True, eq=False)
class ParquetStore:
    """A folder with one Parquet file for each chunk, and `run.json`, which says what the run was.

    Attributes:
        path: of the folder.
        names: of the columns.
        size: pictures in a chunk.
    """

    path: Path
    names: tuple[str, ...]
    size: int

    def done(self) -> dict[int, tuple[str, str]]:
        """Chunks that are whole, see `Store`."""
        found = {}
        for path in self._parts():
            rows = self._read(path)
            if len(_by_picture(rows)) == self.size:
                found[int(path.stem.rsplit("-", 1)[1])] = _first_read(self.names, rows)
        return found

    def write(self, number: int, rows: Sequence[Row]) -> None:
        """Keep a chunk's rows."""
        pyarrow, parquet = _arrow()
        columns = dict(zip(self.names, map(list, zip(*rows, strict=True)), strict=True))
        types = [
            (n, pyarrow.int64() if n in WHOLE else pyarrow.string() if n in TEXT else pyarrow.float64())
            for n in self.names
        ]
        path = self.path / f"part-{number:06d}.parquet"
        fresh = path.with_suffix(".part")
        parquet.write_table(pyarrow.table(columns, schema=pyarrow.schema(types)), fresh)
        os.replace(fresh, path)

    def close(self) -> None:
        """They are in order already."""

    def rows(self) -> Iterator[Row]:
        """All rows."""
        for path in self._parts():
            yield from self._read(path)

    def _parts(self) -> list[Path]:
        return sorted(self.path.glob("part-*.parquet"))

    def _read(self, path: Path) -> list[Row]:
        table = _arrow()[1].ParquetFile(path).read().to_pydict()
        return list(zip(*(table[name] for name in self.names), strict=True))


def open_store(out: str | os.PathLike | None, names: tuple[str, ...], settings: dict[str, Any]) -> Store:
    """Where a run's results go: a name that ends in .csv is a file, any other a folder of Parquet parts.

    Raises:
        ValueError: what is there comes from another run, or is no results file at all.
        ImportError: Parquet is wanted and pyarrow is missing.
    """
    if out is None:
        return MemoryStore()
    path = Path(out)
    if path.suffix.lower() == ".csv":
        path.parent.mkdir(parents=True, exist_ok=True)
        _agree(path.with_suffix(".run.json"), settings, path, exists=path.exists)
        return CsvStore(path, names, settings["batch"], len(settings["methods"]))
    if path.suffix and not path.is_dir():
        raise ValueError(f"out={str(out)!r}: pass a name that ends in .csv, or a folder for Parquet parts.")
    _arrow()
    path.mkdir(parents=True, exist_ok=True)
    _agree(path / "run.json", settings, path, exists=lambda: any(path.iterdir()))
    return ParquetStore(path, names, settings["batch"])


def _agree(beside: Path, settings: dict[str, Any], path: Path, exists: Callable[[], bool]) -> None:
    if not exists():
        beside.write_text(json.dumps(settings, indent=1), encoding="utf-8")
        return
    if not beside.exists():
        raise ValueError(
            f"{str(path)!r} is there and {beside.name!r}, which says what run it is of, is not. Pass another out=, or "
            "move it away."
        )
    before = json.loads(beside.read_text(encoding="utf-8"))
    told = [f"{n}: {before.get(n)!r} there, {settings.get(n)!r} now" for n in settings if before.get(n) != settings[n]]
    if told:
        raise ValueError(
            f"{str(path)!r} holds the results of another run. It differs in {'; '.join(told)}. Pass another out=, or "
            "the same settings to go on with it."
        )


def _arrow() -> tuple[Any, Any]:
    what = "a folder of Parquet parts"
    return imported("pyarrow", what, "cluster"), imported("pyarrow.parquet", what, "cluster")


def _finished(file: Iterable[str]) -> Iterator[str]:
    return (line for line in file if line.endswith("\n"))


def _by_picture(rows: Sequence[Row]) -> list[list[Row]]:
    return [list(some) for _, some in groupby(rows, key=lambda row: row[0])]


def _first_read(names: Sequence[str], rows: Sequence[Row]) -> tuple[str, str]:
    name, key = names.index("name"), names.index("key")
    return next(((str(row[name]), str(row[key])) for row in rows if row[key]), ("", ""))


def _texts(row: Row) -> list[str]:
    """Numbers in full, so that they come back the same; nothing where there is none; one line whatever a note says."""
    return [_text(value) for value in row]


def _text(value: Value) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, int):
        return "" if value == -1 else str(value)
    return "" if value != value else repr(float(value))


def _values(names: Sequence[str], texts: Sequence[str]) -> Row:
    return tuple(
        text if name in TEXT else empty(name) if not text else int(text) if name in WHOLE else float(text)
        for name, text in zip(names, texts, strict=True)
    )


def _lines(rows: Iterable[list[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
