"""How long a plan takes: from arriving customers to the day on which enough of them have matured."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import FloatArray

DAYS_A_WEEK = 7


@dataclass(frozen=True, eq=False)
class Duration:
    """Days of recruiting, and days until the last customer needed has matured; infinite if never."""

    recruiting: FloatArray
    total: FloatArray


def arrival_curve(
    weekday_profile: ArrayLike, *, days: int, start_weekday: int = 0, available_share: ArrayLike = 1.0
) -> FloatArray:
    """Customers who have come by the end of each day, `(..., days)`, from those who come new on each weekday.

    weekday_profile: `(..., 7)` new eligible customers on Monday to Sunday, for audiences that never run dry. Returning
                     audiences saturate: measure their reach curve and use it in place of this one.
    start_weekday:   0 for Monday.
    available_share: what holdout and other experiments leave, `(...)`.
    """
    profile = validation.finite("weekday_profile", weekday_profile)
    if profile.shape[-1:] != (DAYS_A_WEEK,):
        raise ValueError(f"weekday_profile must have 7 days on its last axis, got shape {profile.shape}")
    validation.refuse("weekday_profile", profile, profile < 0, "must be 0 or more")
    share = validation.finite("available_share", available_share)
    validation.refuse("available_share", share, (share < 0) | (share > 1), "must lie in [0, 1]")
    weekday = (validation.whole_number("start_weekday", start_weekday) + np.arange(days)) % DAYS_A_WEEK
    return np.asarray(np.cumsum(profile[..., weekday], axis=-1) * share[..., None])


def required_days(
    customers: ArrayLike, reach: ArrayLike, *, wait_days: ArrayLike = 0, in_full_weeks: bool = True
) -> Duration:
    """Days until `customers` of all variants have matured; shape: that of `customers` and `reach` without its days.

    reach:         `(..., day)` different customers exposed by the end of each day, never falling.
    wait_days:     from exposure to a closed window: k + w for retention at day k over w days.
    in_full_weeks: recruiting ends with a full week, so that every weekday counts the same. The days of the curve need
                   not be full weeks.
    """
    wanted, wait = validation.positive("customers", customers), validation.whole_counts("wait_days", wait_days)
    curve = validation.finite("reach", reach)
    validation.refuse("reach", curve, np.diff(curve, axis=-1, prepend=0.0) < 0, "must never fall")
    # Rounding of a sum of arrivals must not cost another week.
    enough = curve >= wanted[..., None] * (1.0 - 1e-12)
    days = np.where(enough.any(axis=-1), enough.argmax(axis=-1) + 1.0, np.inf)
    recruiting = np.ceil(days / DAYS_A_WEEK) * DAYS_A_WEEK if in_full_weeks else days
    return Duration(recruiting, recruiting + wait)


def matured_customers(reach: ArrayLike, *, wait_days: int = 0) -> FloatArray:
    """Customers whose window has closed by the end of each day, `(..., day)`: the reach of `wait_days` earlier."""
    curve = validation.finite("reach", reach)
    wait = validation.whole_number("wait_days", wait_days)
    shifted = np.zeros(curve.shape)
    shifted[..., wait:] = curve[..., : curve.shape[-1] - wait] if wait else curve
    return shifted
