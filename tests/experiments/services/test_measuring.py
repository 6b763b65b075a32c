"""What the store tells a report, against plain Python on the rows that were imported."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import time_machine
from scipy import stats as scipy_stats

from backlog.quarters import Quarter
from engagement.core.jobs import Progress
from engagement.customers.services.event_imports import import_events
from experiments.assignment import unit
from experiments.models import Holdout, Metric
from experiments.services import decisions
from experiments.services.reporting.measuring import felt, holdouts
from tests.experiments.builders import imported
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
QUARTER = Quarter(2026, 3)
START, END = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
AFTER = END + timedelta(days=3)


def bring(folder: Path, rows: list[tuple[str, str, datetime]]) -> None:
    path = folder / "events.csv"
    lines = [f"{customer},{event},{at.isoformat()}" for customer, event, at in rows]
    path.write_text("\n".join(["customer_id,event,occurred_at", *lines]) + "\n")
    import_events(path=path, name=path.name, complete_through=AFTER, progress=Progress())


def test_what_customers_felt_is_a_share_of_those_who_were_active_in_the_quarter(tmp_path):
    inside, before = START + timedelta(days=10), START - timedelta(days=10)
    rows = [(f"c{n}", "session", inside) for n in range(200)]
    rows += [(f"c{n}", "complaint", inside + timedelta(days=n % 3)) for n in range(7) for _ in range(1 + n % 2)]
    rows += [(f"c{n}", "session", before) for n in range(100)] + [("c1", "complaint", before)]
    rows += [("late", "complaint", END)]
    bring(tmp_path, rows)

    [told] = felt(quarter=QUARTER)

    low, high = scipy_stats.binomtest(7, 200).proportion_ci(0.95, method="wilson")
    assert (told["event"], told["customers"], told["active"]) == ("complaint", 7, 200)
    assert (told["share"], told["low"], told["high"], told["before"]) == pytest.approx((0.035, low, high, 0.01))


def test_what_nobody_ever_reported_is_left_out(tmp_path):
    bring(tmp_path, [("c1", "session", START)])

    assert felt(quarter=QUARTER) == []


@pytest.fixture
def held(tmp_path) -> tuple[Holdout, dict[str, bool]]:
    """A decided experiment on sessions, a holdout of 30%, and 2,000 customers of whom those outside it return more."""
    with time_machine.travel(END - timedelta(days=5)):
        experiment = imported(tmp_path)
        Metric.objects.filter(experiment=experiment, role="primary").update(
            key="returned", kind="proportion", columns={"event": "session", "window_s": 86_400}
        )
        decisions.decide(experiment=experiment, kind="keep_control", reason="r", learning="l", actor=MemberFactory())
    holdout = Holdout.objects.create(quarter=str(QUARTER), share=0.3)
    rng, rows, returned = np.random.default_rng(2), [], {}
    for number in range(2_000):
        name = f"p{number}"
        is_held = unit(holdout.salt, name) < 0.3
        returned[name] = bool(rng.random() < (0.4 if is_held else 0.5))
        rows.append((name, "open", START - timedelta(days=1 + number % 80)))
        if returned[name]:
            rows.append((name, "session", START + timedelta(days=number % 90)))
    rows += [
        ("newcomer", "session", START + timedelta(days=4)),
        ("p1", "session", END),
        ("gone", "open", START - timedelta(days=100)),
    ]
    bring(tmp_path, rows)
    return holdout, returned


def test_a_holdout_is_compared_with_everybody_else_who_was_there_before(held):
    holdout, returned = held
    sides = {True: [], False: []}
    for name, did in returned.items():
        sides[unit(holdout.salt, name) < holdout.share].append(did)

    with time_machine.travel(AFTER):
        found = holdouts(quarter=QUARTER)

    rates = {side: np.mean(values) for side, values in sides.items()}
    errors = [np.var(values, ddof=1) / len(values) / np.mean(values) ** 2 for values in sides.values()]
    lift, half = np.log(rates[False] / rates[True]), 1.645 * np.sqrt(sum(errors))
    assert set(found) == {"returned"}
    assert found["returned"].estimate == pytest.approx(lift, abs=1e-9)
    assert (found["returned"].low, found["returned"].high) == pytest.approx((lift - half, lift + half), rel=2e-3)


def test_before_the_quarter_is_over_a_holdout_says_nothing(held):
    with time_machine.travel(END - timedelta(days=1)):
        assert holdouts(quarter=QUARTER) == {}


def test_without_a_holdout_there_is_nothing_to_measure(held):
    Holdout.objects.update(share=0)

    with time_machine.travel(AFTER):
        assert holdouts(quarter=QUARTER) == {}
