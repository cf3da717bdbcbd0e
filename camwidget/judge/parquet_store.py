"""Results in a folder of Parquet parts, one for each chunk."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .optional import imported
from .rows import TEXT, WHOLE, Kept, Row, kept


@dataclass(frozen=True, eq=False)
class ParquetStore:
    """A folder with one Parquet file for each chunk, and `run.json`, which says what the run was.

    Attributes:
        path: of the folder.
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
        return {
            _number(path): kept(self.names, self._read(path), size=self.size, methods=self.methods)
            for path in self._parts()
        }

    def begin(self, numbers: set[int]) -> None:
        """Leave these chunks only."""
        for path in self._parts():
            if _number(path) not in numbers:
                path.unlink()

    def write(self, number: int, rows: Sequence[Row]) -> None:
        """Keep a chunk's rows."""
        pyarrow, parquet = arrow()
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
        table = arrow()[1].ParquetFile(path).read().to_pydict()
        return list(zip(*(table[name] for name in self.names), strict=True))


def arrow() -> tuple[Any, Any]:
    """pyarrow and its Parquet half; an ImportError names the extra where they are missing."""
    what = "a folder of Parquet parts"
    return imported("pyarrow", what, "cluster"), imported("pyarrow.parquet", what, "cluster")


def _number(path: Path) -> int:
    return int(path.stem.rsplit("-", 1)[1])
