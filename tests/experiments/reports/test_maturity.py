"""The maturity index in the quarter's report: measured on what is there, beside what members rated."""

from datetime import time, timedelta

import pytest

from engagement.core.clock import now
from engagement.customers.models import Consent, Customer
from engagement.customers.services import audiences
from engagement.messaging.models import SendingLimits
from experiments.maturity import MARKS, RATING_MARK, Factor, Level
from experiments.models import Experiment, FactorRating
from experiments.reports.quarterly.differences import differences
from experiments.reports.quarterly.document import quarter_report
from experiments.reports.quarterly.page import quarter_page
from experiments.reports.quarterly.paper import _sections
from experiments.reports.quarterly.period import quarter_of
from experiments.reports.quarterly.tables import TABLES
from experiments.services import decisions
from tests.backlog.factories import EvidenceFactory, IdeaFactory
from tests.experiments.builders import imported, mismatched, planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
FELT = {"customers": 1, "active": 10, "share": 0.1, "low": 0.0, "high": 0.3, "before": None}
RESTS = {"felt": [{"event": "complaint", **FELT}], "contacts": {"now": {"median": 1, "p95": 5}, "before": None}}


def decided(experiment: Experiment, **changes) -> Experiment:
    Experiment.objects.filter(pk=experiment.pk).update(**changes)
    experiment.refresh_from_db()
    decisions.decide(
        experiment=experiment, kind="keep_control", reason="r", learning="l", variant=None, actor=MemberFactory()
    )
    return experiment


def measured(**told) -> dict:
    report = quarter_report(quarter_of(now()), **told)
    return {row["factor"]: row["measured"] for row in report["maturity"]["factors"]}


def test_c5_nothing_is_measured_where_there_is_nothing_but_what_was_set_up():
    assert measured() == {
        **dict.fromkeys(Factor), "limits": 0, "listening": 0,
    }  # fmt: skip


def test_c5_each_factor_is_measured_on_what_the_quarter_holds(tmp_path):
    present = now()
    backed = IdeaFactory(created_at=present - timedelta(days=80), state="planned")
    opinion = IdeaFactory(state="planned")
    EvidenceFactory(idea=backed, grade="own_observation")
    EvidenceFactory(idea=opinion)
    span = {"starts": present - timedelta(hours=2), "ends": present - timedelta(hours=1)}
    guarded = decided(imported(tmp_path, key="guarded"), idea=backed, **span)
    guarded.decision.readout.document["metrics"][1]["role"] = "guardrail"
    guarded.decision.readout.save()
    decided(mismatched(tmp_path), idea=opinion, **span)
    version = audiences.create(name="Readers", rule={"trait": "paid", "op": "is_set"}, actor=MemberFactory())
    waiting = planned(key="waiting")
    Experiment.objects.filter(pk=waiting.pk).update(state="ended", audience_version=version, **span)
    Customer.objects.all().delete()
    people = [Customer.objects.create(external_id=f"p{number}") for number in range(4)]
    for channel in ("email", "push"):
        Consent.objects.create(customer=people[0], channel=channel, is_granted=False, at=present, source="form")
    SendingLimits.objects.create(pk=1, most=4)

    assert measured(**RESTS) == {
        "evidence": pytest.approx(1 / 3),
        "guardrails": 0.5,
        "decisions": pytest.approx(2 / 3),
        "speed": 40,
        "learning": 0,
        "trust": 0.5,
        "channels": 1,
        "audiences": pytest.approx(1 / 3),
        "consent": 0.25,
        "pressure": 5,
        "limits": 1,
        "listening": 1,
    }


def rate(factor: str, *values: int) -> None:
    quarter = str(quarter_of(now()))
    for value in values:
        FactorRating.objects.create(quarter=quarter, member=MemberFactory(), factor=factor, rating=value)


def test_c5_where_ratings_are_missing_the_count_of_raters_is_shown():
    rate("trust", 4, 5, 4)
    rate("speed", 1, 1)

    page = quarter_page(quarter_report(quarter_of(now())))["maturity"]

    told = {row.name: (row.rating, row.measured, row.is_at_mark) for _axis, rows in page["axes"] for row in rows}
    assert told["Results can be trusted"] == ("4.3 of 5, 3 raters", "–", True)
    assert told["From idea to decision in good time"] == ("2 raters", "–", False)
    assert told["We know whom we may write to"] == ("0 raters", "–", False)
    assert page["sentence"] == "Engagement maturity: activate (1 of 12 factors at their mark; 5 raters)."
    assert page["missing"].startswith("Missing for lead: “Ideas rest on evidence”, “Guardrails")


def all_at_mark(*, but: Factor | None = None) -> dict:
    """A report's document in which every factor is rated at its mark and one is not."""
    for factor in Factor:
        rate(factor, *([int(RATING_MARK)] * 3 if factor != but else [5, 4, 2]))
    SendingLimits.objects.create(pk=1, most=4, quiet_from=time(22), quiet_to=time(7))
    return quarter_report(quarter_of(now()), felt=[{"event": event, **FELT} for event in ("complaint", "unsubscribe")])


def test_c5_1_lead_is_displayed_where_every_factor_is_at_its_mark():
    document = all_at_mark()

    page = quarter_page(document)["maturity"]

    assert document["maturity"]["level"] == Level.LEAD
    assert page["sentence"] == "Engagement maturity: lead (12 of 12 factors at their mark; 36 raters)."
    assert page["missing"] == ""


@pytest.mark.parametrize("but", list(Factor))
def test_c5_1_lead_is_displayed_only_then(but):
    document = all_at_mark(but=but)

    page = quarter_page(document)["maturity"]

    assert page["sentence"] == "Engagement maturity: accelerate (11 of 12 factors at their mark; 36 raters)."
    assert page["missing"].count("“") == 1


def test_c5_the_index_stands_on_page_and_paper_and_in_its_table(client):
    rate("trust", 4, 5, 4)
    quarter = quarter_of(now())
    client.force_login(MemberFactory())

    html = client.get(f"/reports/{quarter}/").content.decode()
    paper = str(_sections(quarter_page(quarter_report(quarter))))
    header, rows = TABLES["maturity"](quarter_report(quarter))

    for told in (html, paper):
        assert "Engagement maturity: activate (1 of 12 factors at their mark; 3 raters)." in told
        assert "4.3 of 5, 3 raters" in told
    found = {row[1]: dict(zip(header, row, strict=True)) for row in rows}
    assert found["trust"] == {
        "axis": "experimentation", "factor": "trust", "rating": 4.3, "raters": 3, "measured": None, "mark": 0.9,
        "unit": "share", "is_ceiling": False, "is_at_mark": True,
    }  # fmt: skip
    assert set(found) == set(MARKS)


def test_a_revision_says_that_the_level_differs_and_an_old_one_has_none():
    before = quarter_report(quarter_of(now()))
    after = {**before, "maturity": {**before["maturity"], "level": "lead"}}
    old = {name: part for name, part in before.items() if name != "maturity"}

    assert differences(before, after) == ["Engagement maturity was activate and is lead."]
    assert differences(old, after) == []
    assert quarter_page(old)["maturity"] is None
    assert "Engagement maturity" not in str(_sections(quarter_page(old)))
