"""The quarter's report as a document and as a page."""

from datetime import UTC, datetime, timedelta

import pytest

from backlog.quarters import Quarter
from backlog.services import rounds
from engagement.accounts.models import Workspace
from engagement.core.clock import now
from engagement.core.errors import NotFound
from experiments.models import ChecklistMark, Experiment, Milestone
from experiments.reports.quarterly.document import quarter_report
from experiments.reports.quarterly.page import quarter_page
from experiments.reports.quarterly.period import quarter_named, quarter_of, reported_quarters
from experiments.reports.quarterly.process import warning_signs
from experiments.services import decisions
from tests.backlog.factories import GoalFactory, IdeaFactory, RoundMemberFactory, VotingRoundFactory
from tests.experiments import outcomes
from tests.experiments.builders import imported, mismatched, planned
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client):
    client.force_login(MemberFactory())
    return client


def decided(experiment: Experiment, *, at: datetime | None = None, kind: str = "keep_control", **changes) -> None:
    variant = experiment.variants.get(position=1) if kind == "ship" else None
    words = {"reason": f"Reason of {experiment.key}.", "learning": f"Learning of {experiment.key}."}
    actor = MemberFactory(name="Cleo")
    decisions.decide(experiment=experiment, kind=kind, variant=variant, actor=actor, at=at, **words, **changes)


def test_wins_losses_unclear_and_invalid_ones_stand_in_one_list(tmp_path):
    for key, rates in (
        ("win", {"none": 0.3, "mail": 0.5}),
        ("loss", {"none": 0.5, "mail": 0.3}),
        ("tie", {"none": 0.3, "mail": 0.3}),
    ):
        experiment = imported(tmp_path, key=key, rates=rates)
        decided(experiment, kind="ship" if key == "win" else "keep_control")
    decided(mismatched(tmp_path), kind="stop")

    report = quarter_report(quarter_of(now()))

    assert {row["experiment"]: (row["decision"], row["effect"]["verdict"]) for row in report["decisions"]} == {
        "win": ("ship", "better"),
        "loss": ("keep_control", "worse"),
        "tie": ("keep_control", "no clear difference"),
        "mismatched": ("stop", "invalid"),
    }
    assert report["counts"]["verdicts"] == {
        "better": 1, "worse": 1, "no clear difference": 1, "not enough data yet": 0, "invalid": 1,
    }  # fmt: skip
    assert (report["counts"]["experiments_decided"], report["counts"]["experiments_launched"]) == (4, 4)
    told = [learning["experiment"] for learning in report["learnings"]]
    assert told[:2] == ["loss", "win"]  # those that speak first, each newest first
    invalid = next(row for row in report["decisions"] if row["experiment"] == "mismatched")
    assert {invalid["effect"][name] for name in ("estimate", "low", "high", "lift", "lift_low", "lift_high")} == {None}


def test_decided_experiments_are_told_by_the_customer_state_of_their_idea(client, tmp_path):
    for key, state, kind in (
        ("win", "casual", "ship"),
        ("tie", "casual", "keep_control"),
        ("other", "", "keep_control"),
    ):
        experiment = imported(tmp_path, key=key, rows=40)
        Experiment.objects.filter(pk=experiment.pk).update(idea=IdeaFactory(state="planned", customer_state=state))
        decided(Experiment.objects.get(pk=experiment.pk), kind=kind)

    rows = quarter_report(quarter_of(now()))["customer_states"]

    assert rows == [
        {"state": "Casual", "decided": 2, "shipped": 1},
        {"state": "", "decided": 1, "shipped": 0},
    ]
    text = " ".join(client.get(f"/reports/{quarter_of(now())}/").content.decode().split())
    assert '<th scope="row">Casual</th><td class="num">2</td><td class="num">1</td>' in text
    assert '<th scope="row">All, or not said</th><td class="num">1</td><td class="num">0</td>' in text


def test_a_decision_belongs_to_the_quarter_of_the_workspaces_midnight(tmp_path):
    Workspace.objects.update(time_zone="Europe/Berlin")
    decided(imported(tmp_path), at=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))

    assert [row["experiment"] for row in quarter_report(Quarter(2026, 3))["decisions"]] == ["mails"]
    assert quarter_report(Quarter(2026, 2))["decisions"] == []


@pytest.mark.parametrize("name", ["2026-Q5", "2026Q3", "2026-q3", "0000-Q1", "9999-Q4", "1999-Q4", "２０２６-Q3", "x"])
def test_an_odd_quarter_is_refused_with_a_sentence(client, name):
    with pytest.raises(NotFound):
        quarter_named(name)

    page, answer = client.get(f"/reports/{name}/"), client.get(f"/api/v1/reports/{name}/")

    assert page.status_code == answer.status_code == 404
    assert b"quarter" in page.content or b"no report" in page.content
    assert answer["Content-Type"] == "application/problem+json"


def test_the_page_tells_what_was_learned_with_every_estimate_beside_its_range(client, tmp_path):
    experiment = imported(tmp_path)
    Experiment.objects.filter(pk=experiment.pk).update(pod=PodFactory(name="Reader loyalty"))
    decided(experiment, kind="ship")

    page = client.get(f"/reports/{quarter_of(now())}/").content.decode()

    assert "Learning of mails." in page
    assert "Ship mail" in page
    assert "Reason of mails." in page
    assert "Cleo" in page
    assert "Reader loyalty" in page
    assert "1 experiment was decided: 1 better. 1 was launched." in page
    assert page.count('class="estimate') == 6  # learning, row, three readings, worth
    assert "<script" not in page
    assert len(page) < 60_000


def test_an_empty_quarter_says_what_was_launched(client, tmp_path):
    experiment = imported(tmp_path, key="waiting")

    page = client.get(f"/reports/{quarter_of(now())}/").content.decode()

    assert "Nothing decided yet" in page
    assert "No experiment was decided. 1 was launched." in page
    assert experiment.name in page


def test_simulated_experiments_are_marked(client, tmp_path):
    experiment = imported(tmp_path)
    Experiment.objects.filter(pk=experiment.pk).update(is_simulated=True)
    decided(experiment)

    page = client.get(f"/reports/{quarter_of(now())}/").content.decode()

    assert page.count("simulated") >= 3


def test_the_list_holds_the_quarters_that_have_anything_newest_first(client, tmp_path):
    decided(imported(tmp_path), at=datetime(2026, 5, 1, tzinfo=UTC))
    planned(key="never-started", starts=datetime(2025, 5, 1, tzinfo=UTC), ends=datetime(2025, 6, 1, tzinfo=UTC))
    present = quarter_of(now())

    assert reported_quarters() == {present: 0, Quarter(2026, 2): 1}
    page = client.get("/reports/").content.decode()
    assert page.index(f"/reports/{present}/") < page.index("/reports/2026-Q2/")
    assert "2025" not in page


def test_a_report_takes_the_same_queries_for_one_decision_and_for_three(client, tmp_path, django_assert_num_queries):
    address = f"/reports/{quarter_of(now())}/"
    decided(imported(tmp_path, key="one"))
    with django_assert_num_queries(58):
        client.get(address)

    for key in ("two", "three"):
        decided(imported(tmp_path, key=key))

    with django_assert_num_queries(58):
        assert client.get(address).content.count(b"Reason of") == 3


def test_nobody_reads_a_report_without_signing_in(client, tmp_path):
    decided(imported(tmp_path))
    client.logout()

    for address in ("/reports/", f"/reports/{quarter_of(now())}/"):
        assert client.get(address)["Location"].startswith("/accounts/login/")


def test_b5_3_the_report_tells_waivers_and_early_stops_with_their_reasons(client, tmp_path):
    early, waived = imported(tmp_path, key="early"), imported(tmp_path, key="waived")
    Experiment.objects.filter(pk=early.pk).update(early_stop_reason="A wrong price was sent.")
    waiver = {"item": "power", "kind": "waiver", "by": MemberFactory(), "agreed_to": {}}
    ChecklistMark.objects.create(experiment=waived, reason="Only 900 customers exist.", **waiver)
    decided(Experiment.objects.get(pk=early.pk))

    report, page = quarter_report(quarter_of(now())), client.get(f"/reports/{quarter_of(now())}/draft/")

    assert [(part["experiment"], part["what"], part["reason"]) for part in report["departures"]] == [
        ("early", "stopped_early", "A wrong price was sent."),
        ("waived", "waived", "Only 900 customers exist."),
    ]
    assert (report["process"]["now"]["stopped_early"], report["process"]["now"]["waived"]) == (1, 1)
    assert "Only 900 customers exist." in page.content.decode()


def test_a5_1_a_round_closed_by_a_waiver_shows_it_on_its_page_and_in_the_quarter(client):
    voting_round = VotingRoundFactory(name="Round 15", quorum_share=1.0)
    RoundMemberFactory(round=voting_round)
    waiver = {"reason": "Half the pod is ill.", "actor": voting_round.opened_by}
    rounds.waive_quorum(voting_round=voting_round, **waiver)
    rounds.close_round(voting_round=voting_round, actor=None)

    report, page = quarter_report(quarter_of(now())), client.get(f"/reports/{quarter_of(now())}/draft/")

    assert report["departures"] == [
        {"experiment": "", "name": "Round 15", "what": "quorum_waived", "reason": "Half the pod is ill."}
    ]
    told = client.get(f"/rounds/{voting_round.pk}/").content.decode()
    assert f"waived by {voting_round.opened_by}: Half the pod is ill." in told
    assert "Closed without quorum, by a waiver" in page.content.decode()


def test_the_goals_of_the_quarter_are_read_by_metric_the_smallest_first(tmp_path):
    decided(imported(tmp_path), kind="ship")
    quarter = quarter_of(now())
    GoalFactory(quarter=str(quarter), metric_key="bought", kind="lift", target="0.4")
    GoalFactory(quarter=str(quarter), metric_key="bought", kind="lift", target="0.25", direction="down")
    GoalFactory(quarter=str(quarter.next), metric_key="bought", kind="lift", target="0.01")

    report = quarter_report(quarter)

    assert [(entry["metric"], entry["goal"]) for entry in report["programme"]] == [("bought", 0.25)]


def test_warning_signs_are_counted_by_what_records_tell_and_answered_by_doing_what_was_due(tmp_path):
    """Two milestones slip, one is done later; one experiment is decided late, one never; a retro stays away."""
    start, end = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    day = [start + timedelta(days=number) for number in range(201)]
    late = outcomes.decide(IdeaFactory(), outcomes.documents(tmp_path)["better"], day[30], ends=day[20]).experiment
    open_ones = [
        Experiment.objects.create(key=key, name=key, state="ended", ends=ends)
        for key, ends in (("never", day[40]), ("next quarter", day[88]))
    ]
    for experiment, due, done in ((late, 3, 2), (open_ones[0], 3, 9), (open_ones[1], 3, None), (late, 200, None)):
        done_at = None if done is None else day[done]
        Milestone.objects.create(experiment=experiment, step=f"s{due}", due=day[due].date(), done_at=done_at)

    # Slipped: two of four. Decided late: one; not at all: one. Without a retro in time: one.
    assert warning_signs(start, end) == {"warning_signs": 5, "warnings_answered": 2}
    measures = {one.name: one.now for one in quarter_page(quarter_report(Quarter(2026, 2)))["measures"]}
    assert measures["Warning signs answered"] == "2 of 5"
