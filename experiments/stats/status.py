"""The words for what a cell of a batch can and cannot answer.

Inside a batch nothing raises: a cell that cannot be answered holds NaN and a status, its neighbours are untouched.
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from experiments.stats.validation import BoolArray, IntArray, ObjectArray


class Status(StrEnum):
    """Why a cell holds the numbers it holds; the order is that of the table in the statistics guide."""

    OK = "ok"
    EMPTY_ARM = "empty_arm"
    TOO_FEW = "too_few"
    ZERO_VARIANCE = "zero_variance"
    RELATIVE_UNDEFINED = "relative_undefined"
    RELATIVE_SIGN = "relative_sign"
    APPROXIMATION_WEAK = "approximation_weak"
    IMMATURE = "immature"
    NOT_IDENTIFIED = "not_identified"
    NO_VARIATION = "no_variation"

    @property
    def has_estimate(self) -> bool:
        """Whether a number may be shown at all."""
        return self not in _WITHOUT_ESTIMATE

    @property
    def has_interval(self) -> bool:
        """Whether an interval and a p-value may be shown."""
        return self not in _WITHOUT_INTERVAL


_WITHOUT_ESTIMATE = frozenset(
    {Status.EMPTY_ARM, Status.NOT_IDENTIFIED, Status.RELATIVE_UNDEFINED, Status.RELATIVE_SIGN, Status.NO_VARIATION}
)
_WITHOUT_INTERVAL = _WITHOUT_ESTIMATE | {Status.TOO_FEW, Status.ZERO_VARIANCE, Status.IMMATURE}

_MEMBERS = tuple(Status)
_CODE = {status: code for code, status in enumerate(_MEMBERS)}
_WORDS = np.array(_MEMBERS, dtype=object)
_HAS_ESTIMATE = np.array([status.has_estimate for status in _MEMBERS])
_HAS_INTERVAL = np.array([status.has_interval for status in _MEMBERS])


class Standing:
    """One status per cell, kept as small integers until someone reads the words."""

    def __init__(self, shape: tuple[int, ...], conditions: Sequence[tuple[BoolArray, Status]]) -> None:
        """The first condition that holds names the cell; a cell without any is `ok`."""
        codes: IntArray = np.zeros(shape, dtype=np.intp)
        for holds, status in reversed(conditions):
            np.copyto(codes, _CODE[status], where=holds)
        self._codes = codes

    @property
    def words(self) -> ObjectArray:
        """`Status` members, one per cell."""
        return np.asarray(_WORDS[self._codes], dtype=object)

    @property
    def has_estimate(self) -> BoolArray:
        """Cells whose estimate may be shown."""
        return np.asarray(_HAS_ESTIMATE[self._codes])

    @property
    def has_interval(self) -> BoolArray:
        """Cells whose interval and p-value may be shown."""
        return np.asarray(_HAS_INTERVAL[self._codes])
