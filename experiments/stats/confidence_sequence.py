"""Answers that hold at every look, whenever and however often someone looks.

No plan of looks is needed, and running on past the plan is fine. The price is width: at its best point a confidence
sequence is 55% wider than the interval of a single look. The best point is the planned number of customers, so that
number should be the real one.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.group_sequential import GroupSequential
from experiments.stats.status import Status
from experiments.stats.validation import BoolArray, FloatArray
from experiments.stats.verdict import Direction

# The limit theorem beneath has not set in before this many customers and events in each variant.
FEWEST_CUSTOMERS = 100.0
FEWEST_EVENTS = 30.0

NONSTATIONARY_NOTE = "nonstationary: no single effect fits all looks; the effect seems to have changed over time."


def confidence_sequence(
    effect: Estimate, *, planned_customers: ArrayLike, alpha: ArrayLike = 0.05, fewest_events: ArrayLike | None = None
) -> Estimate:
    """The comparison with limits, e-value and p that hold at every look; shape: that of `effect` and the arguments.

    effect:            any comparison with a standard error (Welch, adjusted, ratio, delta lift ...), its looks along
                       any axis. Estimate and standard error stay.
    planned_customers: of both variants together; the sequence is narrowest there.
    fewest_events:     conversions (or buyers) in the variant that has fewer, where the metric has such.
    The p-value is that of this look, 1/e capped at 1, and is at most `alpha` just where the limits exclude zero.
    Edge:   `too_few` and NaN below 100 customers or 30 events in a variant; graver statuses of `effect` stay.
    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2021), Theorem 2.2 (Gaussian mixture).
    """
    level = validation.significance(alpha)
    weight = _mixture_weight(effect, planned_customers, level)
    reach = _critical_value(weight, level) * effect.se
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = effect.estimate / effect.se
        log_e = weight / (1.0 + weight) * z**2 / 2.0 - np.log1p(weight) / 2.0
        p, e_value = np.exp(-np.maximum(log_e, 0.0)), np.exp(log_e)
    few = _is_too_early(effect, fewest_events)
    numbers = {"low": effect.estimate - reach, "high": effect.estimate + reach, "p": p, "e_value": e_value}
    return effect.under(
        Method.CONFIDENCE_SEQUENCE,
        alpha=level,
        df=np.where(np.isnan(reach), np.nan, np.inf),
        status=np.where(few & ~np.isnan(reach), np.asarray(Status.TOO_FEW, dtype=object), effect.status),
        **{name: np.where(few, np.nan, values) for name, values in numbers.items()},
    )


def harm_e_value(
    effect: Estimate,
    *,
    planned_customers: ArrayLike,
    direction: str = Direction.UP,
    alpha: ArrayLike = 0.01,
    fewest_events: ArrayLike | None = None,
) -> FloatArray:
    """Evidence at every look that the treatment does harm; shape: that of `effect` and the arguments.

    `direction` is the good one. Alarm at `1 / alpha` (100): false alarms in fewer than that share of harmless
    experiments, however often someone looks. A benefit never alarms. NaN before 100 customers or 30 events in a
    variant. An alarm pauses or warns; the decision at the end is the margin test's.
    Source: half-normal mixture over the bad side of the sequence of `confidence_sequence`.
    """
    level = validation.significance(alpha)
    weight = _mixture_weight(effect, planned_customers, level)
    towards_harm = -effect.estimate if Direction(direction) is Direction.UP else effect.estimate
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        x = np.sqrt(weight / (1.0 + weight)) * towards_harm / effect.se
        e_value = np.exp(np.log(2.0) + special.log_ndtr(x) + x**2 / 2.0 - np.log1p(weight) / 2.0)
    return np.where(_is_too_early(effect, fewest_events), np.nan, e_value)


def sequence_critical_value(information: ArrayLike, *, alpha: ArrayLike = 0.05) -> FloatArray:
    """How many standard errors a confidence sequence reaches at shares of the planned customers (1 is the plan)."""
    level = validation.significance(alpha)
    return _critical_value(_planned_weight(level) * validation.positive("information", information), level)


def sequence_schedule(information: ArrayLike, *, alpha: float = 0.05) -> GroupSequential:
    """The looks at which a plan means to read its confidence sequence, for power and sample size.

    information: shares of the planned customers, (look,), rising; 1 is the plan, for which the sequence is tuned.
    """
    looks = np.atleast_1d(validation.positive("information", information))
    validation.refuse("information", looks, np.diff(looks, prepend=0.0) <= 0, "must rise")
    bounds = sequence_critical_value(looks, alpha=alpha)
    return GroupSequential.followed(looks, lambda look, _: float(bounds[look]))


def running_intersection(sequence: Estimate, *, axis: int = -1) -> Estimate:
    """The limits that all looks so far agree on, looks along `axis`; for effects that do not change over time.

    Looks without limits are passed over. Edge: where the looks contradict each other the limits are NaN from there
    on, and a note that begins with `nonstationary` says so.
    """
    low = np.fmax.accumulate(sequence.low, axis=axis)
    high = np.fmin.accumulate(sequence.high, axis=axis)
    is_empty = low > high
    notes = (*sequence.notes, Note(NONSTATIONARY_NOTE, is_empty)) if is_empty.any() else sequence.notes
    return replace(sequence, low=np.where(is_empty, np.nan, low), high=np.where(is_empty, np.nan, high), notes=notes)


def _planned_weight(alpha: FloatArray) -> FloatArray:
    """`N rho^2` at the planned N: where the sequence is narrowest."""
    threshold = -2.0 * np.log(alpha)
    return threshold + np.log1p(threshold)


def _mixture_weight(effect: Estimate, planned_customers: ArrayLike, alpha: FloatArray) -> FloatArray:
    """`N rho^2` at each look; shapes that do not fit are refused here."""
    planned = validation.positive("planned_customers", planned_customers)
    customers, planned, level = validation.broadcast(
        customers=effect.n_control + effect.n_treatment, planned_customers=planned, alpha=alpha
    )
    return _planned_weight(level) * customers / planned


def _critical_value(weight: FloatArray, alpha: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((1.0 + weight) / weight * (np.log1p(weight) - 2.0 * np.log(alpha)))


def _is_too_early(effect: Estimate, fewest_events: ArrayLike | None) -> BoolArray:
    few = np.minimum(effect.n_control, effect.n_treatment) < FEWEST_CUSTOMERS
    if fewest_events is None:
        return np.asarray(few)
    return np.asarray(few | (validation.whole_counts("fewest_events", fewest_events) < FEWEST_EVENTS))
