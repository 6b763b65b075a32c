"""Customer states: how often somebody comes, against how often a satisfied customer would. Pure, by row or by query.

The time before a moment is cut into intervals of the ideal length; a customer's state follows from how many of the last
ones they were active in.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import ibis
from ibis.expr.types import IntegerValue, StringValue, Table

DAY_US = 86_400 * 1_000_000
LOOK_BACK_DAYS, FEWEST_INTERVALS = 28, 4


class CustomerState(StrEnum):
    """From the one who always comes to the one who hardly does."""

    POWER = "power"
    CORE = "core"
    CASUAL = "casual"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class StateRule:
    """The ideal usage interval and, per state, in what share of the last intervals one must have been active.

    Shares fall from `power` to `casual` and lie in (0, 1]; whoever stays below `casual` is low.
    """

    interval_days: int = 7
    power: float = 1.0
    core: float = 0.5
    casual: float = 0.25

    def __post_init__(self) -> None:
        if self.interval_days < 1:
            raise ValueError("the ideal usage interval is a day or longer")
        if not 0 < self.casual < self.core < self.power <= 1:
            raise ValueError("the shares must fall from power to casual, all above 0 and none above 1")

    @property
    def intervals(self) -> int:
        """How many intervals are looked at: four weeks' worth, and four at least."""
        return max(FEWEST_INTERVALS, math.ceil(LOOK_BACK_DAYS / self.interval_days))

    @property
    def look_back_days(self) -> int:
        return self.intervals * self.interval_days

    @property
    def least(self) -> dict[CustomerState, int]:
        """In how many intervals one must have been active for a state; low needs none."""
        shares = {CustomerState.POWER: self.power, CustomerState.CORE: self.core, CustomerState.CASUAL: self.casual}
        # A share such as 0.3 of 10 is 3, and not 4 for a rounding error's sake.
        counts = {state: max(1, math.ceil(share * self.intervals - 1e-9)) for state, share in shares.items()}
        return {**counts, CustomerState.LOW: 0}


def state_of(active: int, rule: StateRule) -> CustomerState:
    """The state of somebody active in so many of the intervals looked at."""
    return next(state for state, least in rule.least.items() if active >= least)


def activity(events: Table, rule: StateRule, *, at_us: int) -> Table:
    """Rows `customer, state, is_new, is_dormant` as of the moment `at_us` (microseconds since 1970, exclusive).

    Everybody with an event before it. New: none is older than the time looked at. Dormant: all are.
    """
    before = events.filter(events.occurred_us < at_us)
    return _activity(before, (at_us - 1 - before.occurred_us) // (rule.interval_days * DAY_US), rule)


def activity_at_exposure(events: Table, first: Table, rule: StateRule) -> Table:
    """The same for each customer of `first` (customer, exposed_us) as of their own exposure."""
    joined = events.inner_join(first.select("customer", "exposed_us"), "customer")
    before = joined.filter(joined.occurred_us < joined.exposed_us)
    return _activity(before, (before.exposed_us - 1 - before.occurred_us) // (rule.interval_days * DAY_US), rule)


def _activity(before: Table, age: IntegerValue, rule: StateRule) -> Table:
    """`age`: of each event, in whole intervals."""
    seen = before.mutate(age=age.cast("int64"), recent=(age < rule.intervals).ifelse(age, ibis.null()).cast("int64"))
    found = seen.group_by("customer").aggregate(
        active=seen.recent.nunique(), newest=seen.age.min(), oldest=seen.age.max()
    )
    return found.select(
        "customer",
        state=_state(found, rule),
        is_new=found.oldest < rule.intervals,
        is_dormant=found.newest >= rule.intervals,
    )


def _state(found: Table, rule: StateRule) -> StringValue:
    *steps, (lowest, _none) = rule.least.items()
    branches = [(found.active >= least, ibis.literal(state.value)) for state, least in steps]
    return ibis.cases(*branches, else_=ibis.literal(lowest.value))


def transitions(before: Table, after: Table) -> Table:
    """Rows `before, after, customers` of two outcomes of `activity`; `before` is null for those not there then."""
    joined = after.left_join(before.select("customer", state_before=before.state), "customer")
    return joined.group_by(before=joined.state_before, after=joined.state).aggregate(customers=joined.count())
