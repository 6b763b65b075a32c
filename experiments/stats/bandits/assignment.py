"""Who gets which arm: a hash of experiment and customer against the shares of the batch, and the record of it."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.stats import validation
from experiments.stats.validation import FloatArray, IntArray

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = np.uint64(0x9E3779B97F4A7C15)
# So many customers are hashed at a time that their words stay in the processor's cache.
_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class BanditBatch:
    """The shares in force for one batch of decisions, and where they came from.

    shares:        share of each arm, above 0, summing to 1: the propensities of every decision of the batch.
    policy:        name and version of the rule that set them.
    salt:          of the experiment; one customer always draws the same number under one salt.
    rewards_until: the latest batch whose matured rewards shaped the shares, None before there was any.
    seed:          of the policy's random draws, None where it draws none.
    """

    experiment: str
    number: int
    shares: FloatArray
    policy: str
    salt: str
    rewards_until: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "shares", validation.shares("shares", self.shares))

    @property
    def lag(self) -> int:
        """How many earlier batches had no say yet, their rewards still out."""
        return self.number - 1 - (-1 if self.rewards_until is None else self.rewards_until)

    def assign(self, customers: ArrayLike) -> "BanditDecisions":
        """The arm of each customer, one after the other or a million at once: the same customers get the same arms."""
        units = hashed_units(customers, salt=self.salt)
        arm = chosen_arms(units, self.shares)
        return BanditDecisions(batch=self.number, unit=units, arm=arm, propensity=self.shares[arm])


@dataclass(frozen=True, eq=False)
class BanditDecisions:
    """First decisions of some customers, to be kept for good: later batches never move a customer.

    batch points at the full vector of propensities; unit is the customer's number in [0, 1); arm its index;
    propensity the share that arm had.
    """

    batch: int
    unit: FloatArray
    arm: IntArray
    propensity: FloatArray


def chosen_arms(units: ArrayLike, shares: ArrayLike) -> IntArray:
    """The arm whose range of the cumulated shares holds each unit in [0, 1).

    `shares[arm]` are common to all units, or `shares[unit, arm]` each unit's own.
    """
    numbers, given = validation.finite("units", units), validation.shares("shares", shares)
    validation.refuse("units", numbers, (numbers < 0) | (numbers >= 1), "must lie in [0, 1)")
    ends = np.cumsum(given, axis=-1)[..., :-1]
    if ends.ndim == 1:
        return np.asarray(np.searchsorted(ends, numbers, side="right"), dtype=np.intp)
    return np.asarray((ends <= numbers[..., None]).sum(axis=-1), dtype=np.intp)


def hashed_units(customers: ArrayLike, *, salt: str) -> FloatArray:
    """A number in [0, 1) for each customer, even and independent between salts; the same on every machine.

    `customers` are whole numbers or texts. The number is made of 53 bits of a 64-bit mix keyed by the salt.
    Source: the finaliser of Steele, Lea & Flood (2014) over the words of the key.
    """
    digest = hashlib.blake2b(salt.encode(), digest_size=8).digest()
    key, keys = np.uint64(int.from_bytes(digest, "little")), np.asarray(customers)
    flat, units = keys.reshape(-1), np.empty(keys.size)
    for start in range(0, keys.size, _AT_ONCE):
        units[start : start + _AT_ONCE] = _hashed(flat[start : start + _AT_ONCE], key)
    return units.reshape(keys.shape)


def context_hashes(contexts: ArrayLike) -> NDArray[np.uint64]:
    """A 64-bit fingerprint of each row of `contexts[..., feature]`, for the log of a contextual decision."""
    rows = np.ascontiguousarray(validation.finite("contexts", contexts)) + 0.0  # minus zero is zero
    state = np.zeros(rows.shape[:-1], dtype=np.uint64)
    for column in np.moveaxis(rows.view(np.uint64), -1, 0):
        state = _absorbed(state, column)
    return np.asarray(state)


def _hashed(customers: NDArray[np.generic], key: np.uint64) -> FloatArray:
    state = np.full(customers.shape, key)
    for word, is_part in _words(customers):
        np.copyto(state, _absorbed(state, word), where=is_part)
    return np.asarray((_mixed(state) >> np.uint64(11)) * 2.0**-53)


def _words(customers: NDArray[np.generic]) -> list[tuple[NDArray[np.uint64], NDArray[np.bool_]]]:
    """The key as 64-bit words, each with the customers that have it: a text's hash must not hang on its neighbours."""
    if customers.dtype.kind in "iu":
        return [(customers.astype(np.int64).view(np.uint64), np.ones(customers.shape, dtype=np.bool_))]
    if customers.dtype.kind != "U":
        raise ValueError(f"customers must be whole numbers or texts, got {customers.dtype}")
    # Two letters of 32 bits make a word; the zeros behind a shorter text are no part of it.
    width = customers.dtype.itemsize // 4
    even = np.atleast_1d(customers).astype(f"U{width + width % 2}")
    words = even.view(np.uint64).reshape(*customers.shape, -1)
    return [(word, word != 0) for word in np.moveaxis(words, -1, 0)]


def _absorbed(state: NDArray[np.uint64], word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The state with one more word in it."""
    with np.errstate(over="ignore"):
        return _mixed((state ^ word) + _STEP)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        state = (state ^ (state >> np.uint64(30))) * _MIX[0]
        state = (state ^ (state >> np.uint64(27))) * _MIX[1]
        return state ^ (state >> np.uint64(31))
