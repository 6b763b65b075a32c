"""The readout's numbers by plain loops over rows, from the published formulas alone: a witness, not a second product.

Nothing here comes from `experiments`: what both got wrong in the same way would stay unseen.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
from scipy import optimize, stats

from tests.experiments.witness.world import AS_OF, DAY, END, START, Event, World

CONTROL, TREATMENTS = "today", ("short", "long")
VARIANTS = (CONTROL, *TREATMENTS)
Values = dict[str, np.ndarray]


class Witness:
    """Every figure of the readout for people first exposed inside [START, END), whose window closed by `as_of`.

    `frozen_cap`: the cap of `spend` where it was taken before.
    """

    def __init__(self, world: World, *, as_of: datetime = AS_OF, frozen_cap: float | None = None) -> None:
        self.as_of, self.frozen_cap = as_of, frozen_cap
        exposures, self.events = world.by_person()
        self.first: dict[str, tuple[str, datetime]] = {}
        self.contaminated = dict.fromkeys(VARIANTS, 0)
        for person, rows in exposures.items():
            inside = sorted((row for row in rows if START <= row.at < END), key=lambda row: row.at)
            if inside and inside[0].at < as_of:
                self.first[person] = (inside[0].variant, inside[0].at)
                self.contaminated[inside[0].variant] += len({row.variant for row in inside if row.at < as_of}) > 1

    @property
    def customers(self) -> dict[str, int]:
        return {variant: sum(own == variant for own, _ in self.first.values()) for variant in VARIANTS}

    def cap(self) -> float:
        """The 98% quantile of what those who spent at all spent in the 14 days before the start."""
        if self.frozen_cap is not None:
            return self.frozen_cap
        totals = []
        for person in {person for person, name in list(self.events) if name == "purchase"}:
            bought = [e.value or 0.0 for e in self._within(person, "purchase", START - 14 * DAY, START)]
            if sum(bought) != 0:
                totals.append(sum(bought))
        return float(np.quantile(totals, 0.98))

    def values(self, key: str) -> Values:
        """One number per person whose window has closed."""
        return self._collect(*OUTCOMES[key](self))

    def before(self) -> Values:
        """What those in `revenue` spent in the 28 days before the day of their exposure."""

        def spent(person: str, at: datetime) -> float:
            midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
            return sum(e.value or 0.0 for e in self._within(person, "purchase", midnight - 28 * DAY, midnight))

        return self._collect(7 * DAY, spent)

    def parts(self) -> tuple[Values, Values]:
        """Money and orders of each person in 14 days."""
        money = self._collect(14 * DAY, lambda person, at: self._sum(person, at, 14 * DAY))
        orders = self._collect(14 * DAY, lambda person, at: self._count(person, "purchase", at, 14 * DAY))
        return money, orders

    def _collect(self, closes: timedelta, outcome: Callable[[str, datetime], float]) -> Values:
        found: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
        for person, (variant, at) in self.first.items():
            if at + closes <= self.as_of:
                found[variant].append(outcome(person, at))
        return {variant: np.array(values, dtype=float) for variant, values in found.items()}

    def _within(self, person: str, name: str, begins: datetime, ends: datetime) -> list[Event]:
        return [event for event in self.events[person, name] if begins <= event.at < ends]

    def _sum(self, person: str, at: datetime, window: timedelta) -> float:
        return sum(event.value or 0.0 for event in self._within(person, "purchase", at, at + window))

    def _count(self, person: str, name: str, at: datetime, window: timedelta, *, begins: timedelta = DAY * 0) -> float:
        return float(len(self._within(person, name, at + begins, at + begins + window)))


def _capped(amount: float, cap: float) -> float:
    return max(-cap, min(cap, amount))


def _revenue(w: Witness):
    return 7 * DAY, lambda person, at: _capped(w._sum(person, at, 7 * DAY), 60.0)


def _spend(w: Witness):
    cap = w.cap()
    return 14 * DAY, lambda person, at: _capped(w._sum(person, at, 14 * DAY), cap)


def _retained(day: int):
    def outcome(w: Witness):
        return (day + 1) * DAY, lambda p, at: float(w._count(p, "session", at, DAY, begins=day * DAY) > 0)

    return outcome


OUTCOMES = {
    "revenue": _revenue,
    "spend": _spend,
    "retained_1": _retained(1),
    "retained_7": _retained(7),
    "bought_twice": lambda w: (7 * DAY, lambda p, at: float(w._count(p, "purchase", at, 7 * DAY) >= 2)),
    "complained": lambda w: (7 * DAY, lambda p, at: float(w._count(p, "complaint", at, 7 * DAY) > 0)),
}


def welch(one: np.ndarray, two: np.ndarray) -> dict[str, float]:
    """Of two minus one: statistics §3.1, by SciPy on the rows."""
    test = stats.ttest_ind(two, one, equal_var=False)
    interval = test.confidence_interval(0.95)
    se = np.sqrt(one.var(ddof=1) / len(one) + two.var(ddof=1) / len(two))
    return {"estimate": two.mean() - one.mean(), "se": se, "low": interval.low, "high": interval.high, "p": test.pvalue}


def newcombe(one: np.ndarray, two: np.ndarray) -> dict[str, float]:
    """Of two minus one: statistics §3.2, Wilson's intervals by SciPy; p by the pooled z."""
    p0, p1 = one.mean(), two.mean()
    low, high = _newcombe_ends(one, two, 0.95)
    pooled = np.concatenate([one, two]).mean()
    z = (p1 - p0) / np.sqrt(pooled * (1 - pooled) * (1 / len(one) + 1 / len(two)))
    return {"estimate": p1 - p0, "low": low, "high": high, "p": 2 * stats.norm.sf(abs(z))}


def _newcombe_ends(one: np.ndarray, two: np.ndarray, level: float) -> tuple[float, float]:
    limits = [stats.binomtest(int(v.sum()), len(v)).proportion_ci(level, method="wilson") for v in (one, two)]
    p0, p1 = one.mean(), two.mean()
    reach = np.hypot(p1 - limits[1].low, limits[0].high - p0), np.hypot(limits[1].high - p1, p0 - limits[0].low)
    return p1 - p0 - reach[0], p1 - p0 + reach[1]


def newcombe_p(one: np.ndarray, two: np.ndarray) -> float:
    """The level at which an end of Newcombe's interval touches zero: contracts §5 asks for p and interval to agree."""
    side = 0 if two.mean() > one.mean() else 1
    return float(optimize.brentq(lambda p: _newcombe_ends(one, two, 1 - p)[side], 1e-12, 1 - 1e-12, xtol=1e-15))


def ratio(one: tuple[np.ndarray, np.ndarray], two: tuple[np.ndarray, np.ndarray]) -> dict[str, float]:
    """Of two minus one: statistics §2.3, the delta method as a Welch test of linearised customers."""
    rates, lines = [], []
    for over, under in (one, two):
        rate = over.sum() / under.sum()
        rates.append(rate)
        lines.append(rate + (over - rate * under) / under.mean())
    return welch(*lines) | {"estimate": rates[1] - rates[0]}


def lin(y: Values, x: Values, treatment: str) -> dict[str, float]:
    """Statistics §3.4: a regression of each variant by itself, read at the mean of the covariate over all of them."""
    every = np.concatenate([x[variant] for variant in VARIANTS])
    fits = {}
    for variant in (CONTROL, treatment):
        slope, intercept = np.polyfit(x[variant] - every.mean(), y[variant], 1)
        residuals = y[variant] - intercept - slope * (x[variant] - every.mean())
        n = len(residuals)
        fits[variant] = (intercept, slope, (residuals**2).sum() / (n - 2) / n)
    (a0, b0, v0), (a1, b1, v1) = fits[CONTROL], fits[treatment]
    spread = (b1 - b0) ** 2 * every.var(ddof=1) / len(every)
    return {"estimate": a1 - a0, "se": np.sqrt(v0 + v1 + spread)}


def log_ratio(one: np.ndarray, two: np.ndarray) -> tuple[float, float]:
    """Statistics §3.3: ends of the lift on the log scale."""
    terms = [v.var(ddof=1) / len(v) / v.mean() ** 2 for v in (one, two)]
    df = sum(terms) ** 2 / sum(term**2 / (len(v) - 1) for term, v in zip(terms, (one, two), strict=True))
    centre, reach = np.log(two.mean() / one.mean()), stats.t.ppf(0.975, df) * np.sqrt(sum(terms))
    return float(np.expm1(centre - reach)), float(np.expm1(centre + reach))


def is_unbounded(one: np.ndarray) -> bool:
    """Whether Fieller's set has no ends, so that no lift may be told: g of statistics §3.3 is 1 or more."""
    return stats.norm.ppf(0.975) ** 2 * one.var(ddof=1) / len(one) >= one.mean() ** 2


def fieller(one: np.ndarray, two: np.ndarray) -> tuple[float, float]:
    """Statistics §3.3: roots of (y1 - r y0)^2 = z^2 (v1 + r^2 v0)."""
    z = stats.norm.ppf(0.975)
    y0, y1 = one.mean(), two.mean()
    v0, v1 = (v.var(ddof=1) / len(v) for v in (one, two))
    roots = np.roots([y0**2 - z**2 * v0, -2 * y0 * y1, y1**2 - z**2 * v1])
    return float(min(roots) - 1), float(max(roots) - 1)
