"""Customer states: the rule by itself, and counted by the engine against plain Python on the same rows."""

import itertools
import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from django.test import Client

from engagement.accounts.models import AuditEntry, Workspace
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers import queries
from engagement.customers.models import StateCount, StateDefinition
from engagement.customers.services import states
from engagement.customers.services.customers import ensure
from engagement.customers.services.identities import merge
from engagement.customers.states import CustomerState, StateRule, state_of
from engagement.warehouse import store
from engagement.warehouse.tables import EVENTS
from tests.factories import MemberFactory

AT = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("interval_days", "intervals", "least"),
    [
        (7, 4, [4, 2, 1, 0]),
        (1, 28, [28, 14, 7, 0]),
        (30, 4, [4, 2, 1, 0]),
        (10, 4, [4, 2, 1, 0]),
        (3, 10, [10, 5, 3, 0]),
    ],
)
def test_four_weeks_of_intervals_are_looked_at_and_four_at_least(interval_days, intervals, least):
    rule = StateRule(interval_days)
    assert rule.intervals == intervals
    assert list(rule.least.values()) == least


def test_a_state_follows_from_the_active_intervals():
    rule = StateRule(7, power=0.75, core=0.5, casual=0.25)
    assert [state_of(active, rule) for active in range(5)] == ["low", "casual", "core", "power", "power"]


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.2), (0.5, 0.6, 0.2), (1.1, 0.5, 0.2), (0.9, 0.5, 0.0)])
def test_shares_that_do_not_fall_are_no_rule(shares):
    with pytest.raises(ValueError, match="fall"):
        StateRule(7, *shares)


class Rows:
    """Events of 400 customers over a year, some on the very edges of the intervals."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        self.customers = ensure([f"c{number}" for number in range(400)])
        self.at: dict[int, list[datetime]] = defaultdict(list)
        for number, customer in enumerate(self.customers):
            for _ in range(rng.poisson(rng.choice([0, 1, 5, 60]))):
                self.at[customer].append(
                    AT
                    - timedelta(
                        microseconds=int(rng.integers(-40 * DAY.total_seconds() * 1e6, 300 * DAY.total_seconds() * 1e6))
                    )
                )
            if number % 10 == 0:
                edge = AT - (number // 10 % 6) * 7 * DAY
                self.at[customer] += [edge, edge - timedelta(microseconds=1)]
        columns = {
            "customer": [c for c, times in self.at.items() for _ in times],
            "occurred_at": [at for times in self.at.values() for at in times],
        }
        count = len(columns["customer"])
        columns |= {
            "received_at": [AT] * count,
            "event": ["visit"] * count,
            "message_id": [f"{n}" for n in range(count)],
        }
        table = pa.table(
            {field.name: pa.array(columns.get(field.name, [None] * count), field.type) for field in EVENTS}, EVENTS
        )
        store.append("events", table.to_batches(), source="test")

    def states(self, rule: StateRule, at: datetime, *, same: dict[int, int] | None = None) -> dict[int, str]:
        """By loops: who was active before `at`, and in which state."""
        joined: dict[int, list[datetime]] = defaultdict(list)
        for customer, times in self.at.items():
            joined[(same or {}).get(customer, customer)] += [moment for moment in times if moment < at]
        span = timedelta(days=rule.interval_days)
        found = {}
        for customer, times in joined.items():
            if times:
                active = {math.ceil((at - moment) / span) for moment in times}
                found[customer] = state_of(sum(place <= rule.intervals for place in active), rule).value
        return found


@pytest.fixture
def rows() -> Rows:
    return Rows()


def counted(found: dict[int, str]) -> dict[str, int]:
    return {state.value: list(found.values()).count(state) for state in CustomerState}


@pytest.mark.django_db
def test_the_engine_counts_states_moves_and_flags_as_loops_do(rows):
    states.count(progress=Progress(), at=AT)

    kept, rule = StateCount.objects.get(), StateRule(7)
    now, then = rows.states(rule, AT), rows.states(rule, AT - 28 * DAY)
    assert kept.customers == counted(now)
    moved = {state: dict.fromkeys(CustomerState, 0) for state in (*CustomerState, "new")}
    for customer, state in now.items():
        moved[then.get(customer, "new")][state] += 1
    assert kept.moved == moved
    assert kept.new == sum(min(rows.at[c]) >= AT - 28 * DAY for c in now)
    assert kept.dormant == sum(max(at for at in rows.at[c] if at < AT) < AT - 28 * DAY for c in now)
    assert (kept.as_of, kept.version, kept.interval_days, kept.look_back_days) == (AT, 0, 7, 28)
    assert min(kept.customers.values()) > 10


@pytest.mark.django_db
def test_two_who_turned_out_to_be_one_have_one_state(rows):
    one, other = [customer for customer in rows.customers if rows.at[customer]][:2]
    merge([(other, one)], cause="member")

    states.count(progress=Progress(), at=AT)

    assert StateCount.objects.get().customers == counted(rows.states(StateRule(7), AT, same={other: one}))


@pytest.mark.django_db
def test_other_thresholds_are_compared_before_they_are_saved_and_hold_afterwards(rows):
    other = states.rule(power=75, core=50, casual=25)

    found = states.compare(other=other, at=AT)

    before, after = (rows.states(rule, AT) for rule in (StateRule(7), other))
    assert (found.then, found.now) == (counted(before), counted(after))
    assert found.moved["core"]["power"] == sum(before[c] == "core" and after[c] == "power" for c in before) > 0
    assert not StateDefinition.objects.exists()
    administrator = MemberFactory(administrator=True)
    states.define(power=75, core=50, casual=25, seen_version=0, actor=administrator)
    assert (queries.state_rule(), queries.state_version()) == (other, 1)
    assert AuditEntry.objects.get().after == {"power": 75, "core": 50, "casual": 25}


@pytest.mark.django_db
def test_thresholds_are_defined_by_administrators_in_falling_order_and_not_past_each_other():
    administrator = MemberFactory(administrator=True)
    states.define(power=90, core=50, casual=20, seen_version=0, actor=administrator)

    with pytest.raises(Conflict, match="meanwhile"):
        states.define(power=80, core=50, casual=20, seen_version=0, actor=administrator)
    with pytest.raises(InvalidInput, match="must fall"):
        states.define(power=50, core=50, casual=20, seen_version=1, actor=administrator)
    with pytest.raises(Forbidden):
        states.define(power=80, core=50, casual=20, seen_version=1, actor=MemberFactory())
    assert [(one.version, one.power) for one in StateDefinition.objects.all()] == [(1, 90)]


def signed_in(**role) -> Client:
    client = Client()
    client.force_login(MemberFactory(**role))
    return client


@pytest.mark.django_db
def test_the_page_shows_states_with_their_meaning_and_the_csv_holds_the_moves(rows, django_assert_max_num_queries):
    client = signed_in()
    assert "The states have not been counted yet" in client.get("/customers/").content.decode()
    states.count(progress=Progress(), at=AT)

    with django_assert_max_num_queries(12):
        page = client.get("/customers/")
    lines = client.get("/customers/states.csv").content.decode().splitlines()

    now = counted(rows.states(StateRule(7), AT))
    assert [(str(line.label), line.customers) for line in page.context["lines"]] == [
        (state.title(), now[state]) for state in ("power", "core", "casual", "low")
    ]
    assert "active in 2 to 3 of the last 4 intervals of 7 days" in page.content.decode()
    assert (lines[0], len(lines)) == ("state_then,state_now,customers", 21)
    Workspace.objects.update(ideal_usage_interval_days=14)
    assert "defined anew since they were counted" in client.get("/customers/").content.decode()


@pytest.mark.django_db
def test_an_administrator_sees_what_would_change_and_then_saves_it(rows):
    client, typed = signed_in(administrator=True), {"power": 75, "core": 50, "casual": 25, "version": 0}

    shown = client.post("/customers/states/define/", {**typed, "show": "1"})
    refused = client.post("/customers/states/define/", {**typed, "core": 80, "show": "1"})
    saved = client.post("/customers/states/define/", {**typed, "save": "1"})

    assert "Nothing is saved yet" in shown.content.decode()
    assert refused.status_code == 422
    assert "The thresholds must fall" in refused.content.decode()
    assert saved.status_code == 302
    assert StateDefinition.objects.get().power == 75
    assert signed_in().post("/customers/states/define/", {**typed, "version": 1, "save": "1"}).status_code == 403


def counted_by_hand(rows, starts, own, steps) -> list[dict]:
    """Cohorts from the times themselves, newest first; the last of `starts` is where the newest one ends."""
    before = {c: sorted(at for at in times if at < AT) for c, times in rows.at.items()}
    firsts = {c: times[0] for c, times in before.items() if times}
    expected = []
    for begins, ends in reversed(list(itertools.pairwise(starts))):
        members = [c for c, first in firsts.items() if begins <= first < ends]
        returned = {}
        for later in steps:
            back = [
                c
                for c in members
                if any(firsts[c] + later * own <= at < firsts[c] + (later + 1) * own for at in before[c])
            ]
            returned[str(later)] = len(back) if ends + (later + 1) * own <= AT else None
        if members and ends + own <= AT:
            expected.append({"began": begins.date().isoformat(), "customers": len(members), "returned": returned})
    return expected


@pytest.mark.django_db
def test_cohorts_count_who_was_active_in_later_weeks_and_months_of_their_own():
    rows = Rows()
    week, monday = 7 * DAY, datetime(2026, 6, 1, tzinfo=UTC)  # AT is a Monday itself
    months = [datetime(2025, month, 1, tzinfo=UTC) for month in range(6, 13)]
    months += [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 8)]

    states.count(progress=Progress(), at=AT)

    found = StateCount.objects.get()
    assert found.cohorts == counted_by_hand(rows, [monday - n * week for n in range(12, -2, -1)], week, (1, 2, 4, 8))
    assert found.monthly_cohorts == counted_by_hand(rows, months, 30 * DAY, (1, 2, 3, 6))
    assert len(found.cohorts) > 5
    assert found.monthly_cohorts


@pytest.mark.django_db
def test_the_page_shows_cohorts_with_their_intervals_and_as_csv(client):
    client.force_login(MemberFactory())
    Rows()
    states.count(progress=Progress(), at=AT)

    for kind, cohorts in (
        ("week", StateCount.objects.get().cohorts),
        ("month", StateCount.objects.get().monthly_cohorts),
    ):
        page = client.get(f"/customers/?cohorts={kind}").content.decode()
        lines = client.get(f"/customers/cohorts.csv?cohorts={kind}").content.decode().splitlines()

        assert "Who comes back" in page
        assert "Of those who began in" in page
        assert lines[0] == f"began,customers,{kind},share,low,high"
        began, customers, step, share, low, high = lines[-4].split(",")
        assert (began, int(customers), int(step)) == (cohorts[-1]["began"], cohorts[-1]["customers"], 1)
        assert float(share) == pytest.approx(cohorts[-1]["returned"]["1"] / cohorts[-1]["customers"])
        assert float(low) <= float(share) <= float(high)
