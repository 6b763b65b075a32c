"""Refusing input that cannot be right, with a message that names the array and the place.

Every public function of the package passes its input through here first. Bad *input* (NaN, a fraction of a
customer, a negative count) raises `ValueError`; data that merely cannot answer the question gets a status instead.
"""

from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]
BoolArray: TypeAlias = NDArray[np.bool_]
ObjectArray: TypeAlias = NDArray[Any]

SUM_TOLERANCE = 1e-9


class Alternative(StrEnum):
    """Which side of the null value counts against it."""

    TWO_SIDED = "two-sided"
    LESS = "less"
    GREATER = "greater"


def refuse(name: str, array: NDArray[Any], is_bad: BoolArray, rule: str) -> None:
    """Raise `ValueError` naming the first offending cell of `array`, if there is one."""
    if not is_bad.any():
        return
    place = tuple(int(i) for i in np.argwhere(is_bad)[0])
    where = str(list(place)) if place else ""
    raise ValueError(f"{name}{where} is {np.broadcast_to(array, is_bad.shape)[place]}: {rule}")


def numbers(name: str, values: ArrayLike) -> FloatArray:
    """`values` as float64, NaN and infinities still in it."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers: {error}") from error


def finite(name: str, values: ArrayLike) -> FloatArray:
    """`values` as float64, refused if any is NaN or infinite."""
    array = numbers(name, values)
    refuse(name, array, ~np.isfinite(array), "must be a finite number")
    return array


def whole_counts(name: str, values: ArrayLike) -> FloatArray:
    """`values` as float64, refused unless all are whole numbers from 0 up."""
    array = finite(name, values)
    refuse(name, array, (array < 0) | (array != np.floor(array)), "must be a whole number, 0 or more")
    return array


def whole_number(name: str, value: float, *, least: int = 0) -> int:
    """One whole number, refused below `least`."""
    number = float(value)
    if number != np.floor(number) or number < least:
        raise ValueError(f"{name} is {value}: must be a whole number, {least} or more")
    return int(number)


def at_most(name: str, values: FloatArray, limit_name: str, limits: FloatArray) -> None:
    """Refuse any of `values` above its limit."""
    values, limits = broadcast(**{name: values, limit_name: limits})
    refuse(name, values, values > limits, f"must not exceed {limit_name}")


def positive(name: str, values: ArrayLike) -> FloatArray:
    """`values` as float64, refused unless all are finite and above 0."""
    array = finite(name, values)
    refuse(name, array, array <= 0, "must be above 0")
    return array


def significance(alpha: ArrayLike) -> FloatArray:
    """`alpha` as float64, refused outside (0, 0.5]."""
    array = finite("alpha", alpha)
    refuse("alpha", array, (array <= 0) | (array > 0.5), "must lie in (0, 0.5]")
    return array


def open_share(name: str, values: ArrayLike) -> FloatArray:
    """`values` as float64, refused unless strictly between 0 and 1 (power, quantiles)."""
    array = finite(name, values)
    refuse(name, array, (array <= 0) | (array >= 1), "must lie strictly between 0 and 1")
    return array


def p_values(name: str, values: ArrayLike) -> FloatArray:
    """`values` as float64, refused outside [0, 1]; NaN stays, for a test that could not be made."""
    array = numbers(name, values)
    refuse(name, array, ~np.isnan(array) & ~((array >= 0) & (array <= 1)), "must lie in [0, 1]")
    return array


def shares(name: str, values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """`values` as float64, refused unless each is in (0, 1] and they sum to 1 along `axis` within 1e-9."""
    array = finite(name, values)
    refuse(name, array, (array <= 0) | (array > 1), "must lie in (0, 1]")
    totals = array.sum(axis=axis)
    refuse(f"the sum of {name}", totals, np.abs(totals - 1.0) > SUM_TOLERANCE, "must be 1 within 1e-9")
    return array


def broadcast(**arrays: FloatArray) -> tuple[FloatArray, ...]:
    """The arrays at their common shape, refused with all names and shapes if they have none."""
    try:
        return tuple(np.broadcast_arrays(*arrays.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"shapes do not broadcast: {shapes}") from error
