"""Customer states: defining them, and counting who is in which."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from engagement.accounts.models import Member
from engagement.accounts.rules import require_administrator
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers import queries
from engagement.customers.cohorts import Cohorts, began, monthly, returned, sizes, weekly
from engagement.customers.models import FALL, StateCount, StateDefinition
from engagement.customers.states import CustomerState, StateRule, activity, transitions
from engagement.warehouse.engines import Warehouse, connect

NEW = "new"  # the state then of those who were not there then
Moves = dict[str, dict[str, int]]


@transaction.atomic
def define(
    *, power: int, core: int, casual: int, actor: Member | None, seen_version: int | None = None
) -> StateDefinition:
    """A new version of the thresholds, in % of the intervals; `seen_version` is the one that whoever asks had seen."""
    require_administrator(actor)
    newest = StateDefinition.objects.select_for_update().order_by("-version").first()
    version = newest.version if newest else 0
    if seen_version is not None and seen_version != version:
        raise Conflict(_("Somebody else has changed the states meanwhile. Look at the new ones first."))
    rule(power=power, core=core, casual=casual)
    told = {"power": power, "core": core, "casual": casual}
    definition = StateDefinition.objects.create(version=version + 1, **told, defined_by=actor)
    audit.record(actor=actor, verb="defined customer states", target=definition, before=_thresholds(newest), after=told)
    return definition


def rule(*, power: int, core: int, casual: int) -> StateRule:
    """The rule with these thresholds in % and the workspace's interval; refused where they do not fall."""
    try:
        return StateRule(queries.state_rule().interval_days, power / 100, core / 100, casual / 100)
    except ValueError:
        raise InvalidInput(str(FALL), field="core") from None


def _thresholds(definition: StateDefinition | None) -> dict[str, Any]:
    return {name: getattr(definition, name) for name in ("power", "core", "casual")} if definition else {}


def count(*, progress: Progress, at: datetime | None = None) -> tuple[str, str]:
    """Counts the states as of now and keeps the numbers; the worker does it every night and when somebody asks."""
    progress.doing(_("Counting customer states"))
    moment, in_force = at or now(), queries.state_rule()
    with connect() as warehouse:
        events = _events(warehouse)
        today = warehouse.kept(activity(events, in_force, at_us=_us(moment)))
        earlier = activity(events, in_force, at_us=_us(moment - timedelta(days=in_force.look_back_days)))
        moved = _moves(warehouse, transitions(earlier, today))
        first, at_us = warehouse.kept(began(events, at_us=_us(moment))), _us(moment)
        by_week, by_month = (cohorts(warehouse, first, events, kind(at_us), at_us=at_us) for kind in (weekly, monthly))
        flags = warehouse.rows(today.aggregate(new=today.is_new.sum(), dormant=today.is_dormant.sum()))[0]
    kept = StateCount.objects.create(
        as_of=moment,
        version=queries.state_version(),
        interval_days=in_force.interval_days,
        look_back_days=in_force.look_back_days,
        customers=_totals(moved),
        moved=moved,
        cohorts=by_week,
        monthly_cohorts=by_month,
        new=int(flags["new"] or 0),
        dormant=int(flags["dormant"] or 0),
    )
    told = _("Counted the states of %(count)s customers.") % {"count": f"{sum(kept.customers.values()):,}"}
    return told, reverse("customers")


def cohorts(warehouse: Warehouse, first: Table, events: Table, kind: Cohorts, *, at_us: int) -> list[dict[str, Any]]:
    """The last cohorts, newest first: how many began, and how many were active again later. `first`: see `began`."""
    many = {row["cohort"]: row["customers"] for row in warehouse.rows(sizes(first, kind))}
    back = returned(first, events, kind, at_us=at_us)
    found = {(row["cohort"], row["step"]): row["customers"] for row in warehouse.rows(back)}
    return [
        {
            "began": datetime.fromtimestamp(kind.starts[cohort] / 1_000_000, UTC).date().isoformat(),
            "customers": many[cohort],
            "returned": {
                str(step): found.get((cohort, step), 0) if kind.is_over(cohort, step, at_us=at_us) else None
                for step in kind.steps
            },
        }
        for cohort in sorted(many, reverse=True) if kind.is_over(cohort, 0, at_us=at_us)
    ]  # fmt: skip


def count_nightly() -> None:
    count(progress=Progress())


@dataclass(frozen=True, slots=True)
class Comparison:
    """What other thresholds would change today: per state now, per state then, how many customers."""

    now: dict[str, int]
    then: dict[str, int]
    moved: Moves


def compare(*, other: StateRule, at: datetime | None = None) -> Comparison:
    """Who would be in which state under `other` that is in another one today; nothing is kept."""
    moment = at or now()
    with connect() as warehouse:
        events = _events(warehouse)
        sides = [activity(events, one, at_us=_us(moment)) for one in (queries.state_rule(), other)]
        moved = _moves(warehouse, transitions(*sides))
    then = {state.value: sum(moved[state].values()) for state in CustomerState}
    return Comparison(now=_totals(moved), then=then, moved=moved)


def _events(warehouse: Warehouse) -> Table:
    """The events, each under the customer that its own turned out to be."""
    return queries.resolved(warehouse.table("events"), queries.survivors())


def _moves(warehouse: Warehouse, query: Table) -> Moves:
    moved: Moves = {state: dict.fromkeys(CustomerState, 0) for state in (*CustomerState, NEW)}
    for row in warehouse.rows(query):
        moved[row["before"] or NEW][row["after"]] = row["customers"]
    return moved


def _totals(moved: Moves) -> dict[str, int]:
    return {state.value: sum(row[state] for row in moved.values()) for state in CustomerState}


def _us(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
