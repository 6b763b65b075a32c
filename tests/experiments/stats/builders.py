"""Shared ways to make data for the tests of the statistics package."""

import csv
import gzip
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def buyers(size: int, *, seed: int, share: float = 0.2) -> NDArray[np.float64]:
    """Revenue per customer: most spend nothing, the rest a log-normal amount."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(size) < share, rng.lognormal(3.0, 1.0, size), 0.0)


@cache
def table(name: str) -> dict[str, NDArray[np.str_]]:
    """The columns of a public data file, as text; skips the test where the file is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"public data file {name} is not there")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {column: np.array([row[column] for row in rows]) for column in rows[0]}
