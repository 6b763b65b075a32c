"""How much customers heard from us, against plain Python on the rows of the file."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backlog.quarters import Quarter
from engagement.accounts.models import Workspace
from engagement.core.jobs import Progress
from engagement.customers.models import Customer
from engagement.customers.services.merges import merge
from engagement.messaging.models import Delivery
from experiments.models import Experiment, Sending
from experiments.reports.calendar.weeks import Weeks
from experiments.reports.quarterly.document import quarter_report
from experiments.reports.quarterly.page import quarter_page
from experiments.reports.quarterly.paper import _sections
from experiments.reports.quarterly.tables import TABLES
from experiments.services.exposure_imports import import_exposures
from experiments.services.plans import VariantPlan
from experiments.services.reporting.contacts import contacts
from experiments.services.reporting.releasing import draft
from tests.experiments.builders import planned

pytestmark = pytest.mark.django_db
QUARTER, BERLIN = Quarter(2026, 4), ZoneInfo("Europe/Berlin")
WEEKS = Weeks.of(QUARTER, BERLIN)  # from 5 October; on 25 October clocks go back
FIRST, AFTER = WEEKS.bounds
Row = tuple[str, str, str, datetime]


@pytest.fixture(autouse=True)
def house(db):
    Workspace.objects.update(time_zone="Europe/Berlin")
    for key, channel in (("letters", "email"), ("pushes", "push"), ("hooks", "webhook"), ("silent", "")):
        says = {"channel": channel, "subject": "Hello", "body": "Dear reader"} if channel else {}
        variants = (VariantPlan("none", "Nothing", 0.5), VariantPlan("some", "Something", 0.5, **says))
        planned(key=key, name=key, variants=variants, starts=FIRST - timedelta(days=120), ends=AFTER)
    Experiment.objects.update(state="running")


def bring(folder: Path, rows: list[Row]) -> None:
    path = folder / "exposures.csv"
    lines = [f"{experiment},{customer},{variant},{at.isoformat()}" for experiment, customer, variant, at in rows]
    path.write_text("\n".join(["experiment,customer_id,variant,exposed_at", *lines]) + "\n")
    import_exposures(path=path, name=path.name, progress=Progress())


def made_up() -> list[Row]:
    rng = np.random.default_rng(4)
    span = (AFTER - FIRST).total_seconds()
    return [
        (
            ("letters", "pushes")[int(rng.integers(2))],
            f"c{int(rng.integers(60) ** 2 / 60)}",
            ("none", "some")[int(rng.integers(2))],
            FIRST + timedelta(seconds=int(rng.integers(span))),
        )
        for _ in range(900)
    ]


def test_c5_messages_a_week_are_counted_over_the_weeks_in_which_a_customer_had_any(tmp_path):
    rows = made_up()
    bring(tmp_path, rows)

    found = contacts(quarter=QUARTER)

    heard = [(customer, int(WEEKS.place(at))) for _e, customer, variant, at in rows if variant == "some"]
    weekly = Counter(heard)
    ends = [np.quantile(list(weekly.values()), share, method="inverted_cdf") for share in (0.5, 0.95)]
    assert found == {
        "now": {
            "median": ends[0], "p95": ends[1], "customers": len({customer for customer, _week in heard}),
            "customer_weeks": len(weekly), "contacts": len(heard), "experiments": 2, "unsaid": 0,
        },
        "before": None,
    }  # fmt: skip
    assert ends[1] > ends[0]


def test_c5_a_week_begins_at_its_own_midnight_also_after_the_clocks_went_back(tmp_path):
    sunday = datetime(2026, 11, 1, 22, 30, tzinfo=UTC)  # 23:30 in Berlin; the day after begins at 23:00 UTC
    bring(tmp_path, [("letters", "c1", "some", sunday + timedelta(minutes=minutes)) for minutes in (0, 15, 30, 45)])

    found = contacts(quarter=QUARTER)["now"]

    assert (found["customer_weeks"], found["contacts"], found["median"]) == (2, 4, 2)


def test_c5_what_nobody_hears_is_no_contact_and_what_does_not_say_is_told(tmp_path):
    inside = FIRST + timedelta(days=3)
    rows = [("letters", "c1", "some", inside), ("letters", "c2", "none", inside), ("hooks", "c1", "some", inside)]
    rows += [("silent", "c1", "some", inside), ("silent", "c3", "none", inside)]
    rows += [("letters", "c1", "some", AFTER), ("letters", "c1", "some", FIRST - timedelta(microseconds=1))]
    bring(tmp_path, rows)

    found = contacts(quarter=QUARTER)

    one = {"median": 1, "p95": 1, "customers": 1, "customer_weeks": 1, "contacts": 1}
    assert found == {"now": {**one, "experiments": 1, "unsaid": 1}, "before": {**one, "experiments": 1, "unsaid": 0}}


def test_c5_of_what_this_site_sends_a_contact_is_what_left_not_what_was_due(tmp_path):
    due, left = FIRST + timedelta(days=3), FIRST + timedelta(days=8)
    Sending.objects.create(experiment=Experiment.objects.get(key="letters"))
    bring(tmp_path, [("letters", "c1", "some", due), ("letters", "c2", "some", due), ("pushes", "c1", "some", left)])
    uid = Experiment.objects.get(key="letters").uid
    first, second = (Customer.objects.get(external_id=name) for name in ("c1", "c2"))
    words = {"experiment": str(uid), "variant": "some", "channel": "email", "due_at": due, "done_at": left}
    Delivery.objects.create(customer=first, state="sent", **words)
    Delivery.objects.create(customer=second, state="not_sent", reason="cap", **words)

    found = contacts(quarter=QUARTER)["now"]

    one = {"median": 2, "p95": 2, "customers": 1, "customer_weeks": 1, "contacts": 2}
    assert found == {**one, "experiments": 2, "unsaid": 0}


def test_c5_two_names_of_one_customer_hear_together(tmp_path):
    at = FIRST + timedelta(days=3)
    bring(tmp_path, [("letters", "c1", "some", at), ("pushes", "c2", "some", at)])
    numbers = [Customer.objects.get(external_id=name).pk for name in ("c1", "c2")]
    merge([(numbers[0], numbers[1])], cause="alias")

    found = contacts(quarter=QUARTER)["now"]

    assert (found["customers"], found["median"]) == (1, 2)


def test_c5_the_report_tells_contact_pressure_with_what_it_rests_on(tmp_path):
    bring(tmp_path, made_up())

    document = draft(quarter=QUARTER)
    page = quarter_page(document)

    now = document["contacts"]["now"]
    told = {measure.name: (measure.now, measure.before) for measure in page["measures"][-2:]}
    assert told == {
        "Messages per customer and week, median": (str(now["median"]), "–"),
        "Messages per customer and week, 95th percentile": (str(now["p95"]), "–"),
    }
    assert page["contacts_basis"] == (
        "Messages: what left here, and exposures to e-mail, push and in-app messages that others send, of 2 "
        f"experiments, for {now['customers']} customers, over those of their weeks in which they had any. What is sent "
        "outside experiments is not counted."
    )
    assert page["contacts_basis"] in str(_sections(page))
    assert TABLES["contacts"](document)[1] == [("now", *now.values())]


def test_c5_a_quarter_without_messages_has_dashes_and_no_basis():
    page = quarter_page(quarter_report(QUARTER))

    assert [measure.now for measure in page["measures"][-2:]] == ["–", "–"]
    assert page["contacts_basis"] == ""
