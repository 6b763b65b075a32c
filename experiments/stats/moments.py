"""Counts, means and centred power sums: all that an engine must send for the comparison of means.

Moments are frozen and merge, so shards and strata can be counted apart and put together in any order.
"""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import BoolArray, FloatArray

# A negative centred sum larger than this share of the raw sum is a contradiction, not rounding.
INCONSISTENT_SHARE = 1e-9
# Below this share of the raw sum, a centred sum is what rounding leaves of a constant.
ROUNDING_SHARE = 1e-14


class Totals(Protocol):
    """Anything with size, mean and centred second sum: `Moments`, or sums after forgetting, of fractional size."""

    @property
    def n(self) -> FloatArray:
        """Customers."""
        ...

    @property
    def mean(self) -> FloatArray:
        """Mean in the metric's unit."""
        ...

    @property
    def m2(self) -> FloatArray:
        """Sum of squares about the mean."""
        ...


@dataclass(frozen=True, eq=False)
class Moments:
    """Size, mean and centred power sums of one metric, one cell per variant, metric, segment and so on.

    `n` customers; `mean` in the metric's unit; `m2 = sum (y - mean)^2`; `m3 = sum (y - mean)^3` or None where the
    engine did not send it. All four broadcast to one shape. A cell with n = 0 is legal and has mean NaN.

    Raises `ValueError` for NaN, fractions of a customer, and an `m2` below zero by more than rounding.
    """

    n: FloatArray
    mean: FloatArray
    m2: FloatArray
    m3: FloatArray | None = None

    def __post_init__(self) -> None:
        n = validation.whole_counts("n", self.n)
        mean, m2 = validation.numbers("mean", self.mean), validation.finite("m2", self.m2)
        m3 = None if self.m3 is None else validation.finite("m3", self.m3)
        n, mean, m2, *rest = validation.broadcast(n=n, mean=mean, m2=m2, **({} if m3 is None else {"m3": m3}))
        validation.refuse("mean", mean, (n > 0) & ~np.isfinite(mean), "must be a finite number")
        mean = np.where(n > 0, mean, np.nan)
        fields = {"n": n, "mean": mean, "m2": _settled(n, m2, m2 + n * np.nan_to_num(mean) ** 2)}
        for name, value in (fields | {"m3": rest[0] if rest else None}).items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_sums(
        cls, n: ArrayLike, s1: ArrayLike, s2: ArrayLike, s3: ArrayLike | None = None, *, pivot: ArrayLike = 0.0
    ) -> Self:
        """Moments from sums about a fixed pivot: `s1 = sum (y - pivot)`, `s2` and `s3` its squares and cubes.

        A pivot near the mean keeps the digits: about 0 they are all lost once mean/sd exceeds about 1e7.
        """
        sums = {"s1": s1, "s2": s2, "pivot": pivot} | ({} if s3 is None else {"s3": s3})
        checked = {name: validation.finite(name, values) for name, values in sums.items()}
        n_, s1_, s2_, pivot_, *cubes = validation.broadcast(n=validation.whole_counts("n", n), **checked)
        validation.refuse("s1", s1_, (n_ == 0) & (s1_ != 0), "must be 0 where n is 0")
        offset = s1_ / np.maximum(n_, 1.0)
        m2 = s2_ - s1_ * offset
        m2 = np.where(np.abs(m2) <= ROUNDING_SHARE * np.abs(s2_), 0.0, _settled(n_, m2, np.abs(s2_)))
        m3 = cubes[0] - 3.0 * offset * s2_ + 2.0 * n_ * offset**3 if cubes else None
        return cls(n_, pivot_ + offset, m2, m3)

    @classmethod
    def from_values(cls, values: ArrayLike, *, axis: int = -1) -> Self:
        """Moments of raw values along `axis`, third sum included; for tests and small data."""
        array = validation.finite("values", values)
        n = np.full(np.delete(array.shape, axis), array.shape[axis], dtype=np.float64)
        if array.shape[axis] == 0:
            return cls(n, n, n, n)
        mean = array.mean(axis=axis, keepdims=True)
        centred = array - mean
        return cls(n, mean.squeeze(axis), (centred**2).sum(axis=axis), (centred**3).sum(axis=axis))

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape of all fields."""
        return self.n.shape

    @property
    def variance(self) -> FloatArray:
        """Sample variance `m2 / (n - 1)`, NaN below two customers."""
        return np.where(self.n > 1, self.m2 / np.maximum(self.n - 1.0, 1.0), np.nan)

    @property
    def skewness(self) -> FloatArray:
        """`sqrt(n) m3 / m2^(3/2)`, NaN where there is no variation or no third sum."""
        if self.m3 is None:
            return np.full(self.shape, np.nan)
        has_spread = self.m2 > 0
        m2 = np.where(has_spread, self.m2, 1.0)
        return np.where(has_spread, np.sqrt(self.n / m2) * self.m3 / m2, np.nan)

    def __getitem__(self, index: Any) -> "Moments":
        """The cells at `index`, as for an array of the common shape."""
        return Moments(self.n[index], self.mean[index], self.m2[index], None if self.m3 is None else self.m3[index])

    def split(self, *, axis: int = -1, control: int = 0) -> tuple["Moments", "Moments"]:
        """Control (its axis kept, 1 long) and all other variants, ready to broadcast against each other."""
        others = [i for i in range(self.shape[axis]) if i != control % self.shape[axis]]
        rest = (slice(None),) * (axis % len(self.shape))
        return self[(*rest, [control])], self[(*rest, others)]

    def merge(self, other: "Moments") -> "Moments":
        """Moments of the two parts together; the parts must share no customer (strata, shards).

        Looks at the same customers over time are not parts: see `cumulative_looks`.
        Source: Chan, Golub & LeVeque (1983), eq. 2.1; Pebay (2008) for the third sum, which is kept if both have it.
        """
        n = self.n + other.n
        size = np.maximum(n, 1.0)
        first, second = _or_zero(self.n, self.mean), _or_zero(other.n, other.mean)
        gap = np.where((self.n > 0) & (other.n > 0), second - first, 0.0)
        mean = np.where(self.n > 0, first + gap * other.n / size, second)
        m2 = self.m2 + other.m2 + gap**2 * self.n * other.n / size
        if self.m3 is None or other.m3 is None:
            return Moments(n, mean, m2)
        across = gap**3 * self.n * other.n * (self.n - other.n) / size**2
        within = 3.0 * gap * (self.n * other.m2 - other.n * self.m2) / size
        return Moments(n, mean, m2, self.m3 + other.m3 + across + within)


def cumulative_looks(
    dn: ArrayLike,
    ds1: ArrayLike,
    ds2: ArrayLike,
    ds3: ArrayLike | None = None,
    *,
    pivot: ArrayLike = 0.0,
    axis: int = -1,
) -> Moments:
    """Moments at every look, from what each look added to the sums about the pivot; looks run along `axis`.

    An increment may add no customer and still change the sums (a purchase of a customer counted before), and its
    second sum may be negative (a refund), so increments are cumulated as sums and only then become moments.
    """
    steps = {"ds1": ds1, "ds2": ds2} | ({} if ds3 is None else {"ds3": ds3})
    checked = {name: validation.finite(name, values) for name, values in steps.items()}
    arrays = validation.broadcast(dn=validation.whole_counts("dn", dn), **checked)
    n, s1, s2, *s3 = (np.cumsum(array, axis=axis) for array in arrays)
    return Moments.from_sums(n, s1, s2, s3[0] if s3 else None, pivot=pivot)


def _or_zero(n: FloatArray, mean: FloatArray) -> FloatArray:
    return np.where(n > 0, mean, 0.0)


def _settled(n: FloatArray, m2: FloatArray, scale: FloatArray) -> FloatArray:
    """`m2` with rounding below zero removed; contradictions are refused."""
    slack = INCONSISTENT_SHARE * scale
    impossible: BoolArray = (m2 < -slack) | ((n <= 1) & (m2 > slack)) | ((n == 0) & (m2 != 0))
    validation.refuse("m2", m2, impossible, "inconsistent moments (no set of values has these sums)")
    return np.where(n > 1, np.maximum(m2, 0.0), 0.0)
