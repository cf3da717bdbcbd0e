"""Results in a CSV file that grows chunk by chunk."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from .rows import TEXT, WHOLE, Kept, Row, Value, empty, kept


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

    def kept(self) -> dict[int, Kept]:
        """What there is of each chunk."""
        return {number: kept(self.names, rows, size=self.size, methods=self.methods) for number, rows in self._chunks()}

    def begin(self, numbers: set[int]) -> None:
        """Leave these chunks only."""
        self._rewrite(numbers)

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


def _finished(file: Iterable[str]) -> Iterator[str]:
    return (line for line in file if line.endswith("\n"))


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
