"""Fifty thousand pictures: memory does not grow with their number. `make soak`."""

import gc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from camwidget import samples
from camwidget.explanation import Explainer
from camwidget.judge import evaluate

pytestmark = pytest.mark.soak

COUNT, SETTLED = 50_000, 5_000


def resident() -> int:
    """Memory of this process, in bytes."""
    gc.collect()
    with open("/proc/self/status") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_fifty_thousand_pictures_in_constant_memory(tmp_path: Path):
    digits = [samples.digit(seed).image for seed in range(100)]
    seen: dict[int, int] = {}

    def pictures() -> Iterator[np.ndarray]:
        for n in range(COUNT):
            if n in (SETTLED, COUNT // 2, COUNT - 1):
                seen[n] = resident()
            yield digits[n % 100]

    explainer = Explainer(samples.network("digits"))
    found = evaluate(explainer, pictures(), methods=["grad_cam"], metrics=["average_drop"], out=tmp_path / "table.csv")
    grown = seen[COUNT - 1] - seen[SETTLED]
    assert grown < 16 * 2**20, f"{grown / 2**20:.1f} MB more after {COUNT - SETTLED} pictures"
    assert len(found) == COUNT
    drops = found.columns["masked_probability"].reshape(-1, 100)
    np.testing.assert_allclose(drops, np.broadcast_to(drops[0], drops.shape), rtol=1e-4, atol=1e-7)
    table = resident() - seen[COUNT - 1]
    assert table < 100 * 2**20, f"{table / 2**20:.1f} MB for the table of {COUNT} rows"
