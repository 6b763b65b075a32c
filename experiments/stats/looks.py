"""Which analysis counts as a look, and what share of the plan it has: the book-keeping of group-sequential tests.

A look that was taken is stored with its numbers and never computed again, whatever arrives later. Every other
analysis repeats the last decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import FloatArray

# An analysis that adds less than this share of the plan since the last look is not a look.
LEAST_GAIN = 0.005
# Shares that are whole numbers but for rounding count as reached.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Look:
    """A look that is due: its place in the plan (from 1) and its share of the planned information.

    The final look is the last of the plan and spends all that is left of alpha.
    """

    number: int
    information: float
    is_final: bool


def due_look(
    information: float, *, planned_looks: int, taken: Sequence[Look] = (), is_over: bool = False
) -> Look | None:
    """The look that an analysis with this much information takes, or None if it takes none.

    information:   share of the plan at this analysis; a share below that of the last look counts as that one.
    planned_looks: how many looks the plan has, the final one included; equally spaced.
    taken:         the looks so far, in order.
    is_over:       the experiment has ended and all windows have passed: the final look, whatever the share above 0.

    Look k of K is taken by the first analysis with a share of at least k/K; an analysis that passes several takes
    the last of them. None if nothing of the plan was passed, if the share rose by under 0.005 since the last look, if
    the plan's alpha was all spent by a look at a share of 1 or more, or if the final look was taken.
    """
    share = float(validation.finite("information", information))
    count = validation.whole_number("planned_looks", planned_looks, least=1)
    last = taken[-1] if taken else Look(0, 0.0, is_final=False)
    share = max(share, last.information)
    if last.is_final or last.information >= 1.0 or share <= 0.0:
        return None
    if is_over:
        return Look(count, share, is_final=True)
    number = min(int(np.floor(share * count + ROUNDING)), count - 1)
    is_new = number > last.number and share - last.information >= LEAST_GAIN - ROUNDING
    return Look(number, share, is_final=False) if is_new else None


def information_from_customers(matured: ArrayLike, planned: ArrayLike) -> FloatArray:
    """Share of the plan: matured customers of all variants over those planned. May exceed 1."""
    have, want = validation.broadcast(
        matured=validation.whole_counts("matured", matured), planned=validation.positive("planned", planned)
    )
    return have / want


def information_from_errors(se: ArrayLike, planned_se: ArrayLike, *, axis: int = -1) -> FloatArray:
    """Share of the plan at each look along `axis`, for ratio and adjusted metrics: `(planned_se / se)^2`.

    A standard error can grow from one look to the next; information cannot shrink, so the answer is the running
    maximum. NaN (no standard error yet) counts as none.
    """
    found, planned = validation.numbers("se", se), validation.positive("planned_se", planned_se)
    validation.refuse("se", found, found <= 0, "must be above 0")
    found, planned = validation.broadcast(se=found, planned_se=planned)
    share = np.nan_to_num((planned / found) ** 2)
    return np.asarray(np.maximum.accumulate(np.atleast_1d(share), axis=axis)).reshape(share.shape)
