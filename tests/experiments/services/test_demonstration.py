"""What is in the demonstration workspace. Building takes seconds, reading does not: built once for the whole file."""

from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse

from backlog import queries as backlog_queries
from backlog.models import Ballot, Evidence, Explanation, Idea, RoundIdea, RoundMember, VotingRound
from backlog.quarters import Quarter
from backlog.queries import current_quarter, goals_of
from engagement.accounts.choices import Discipline
from engagement.accounts.models import AuditEntry, Member, Pod
from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.core.jobs import Progress
from engagement.customers.models import AudienceCount, Customer, StateCount
from experiments.demonstration.people import PEOPLE
from experiments.lifecycle import State
from experiments.models import Ask, Decision, Experiment, Readout, RegisteredMetric, ReportRevision
from experiments.reports.calendar.page import calendar
from experiments.reports.quarterly.document import quarter_report
from experiments.rules import may_decide
from experiments.services import demonstration
from experiments.services.reallocating import replayed

BUILT, READ = "2026-11-18T11:00:00+00:00", "2026-11-18T12:00:00+00:00"
MINA = "mina@larkmoor-courier.example"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("warehouse")


@pytest.fixture(scope="module")
def sign_ins(test_settings, django_db_setup, django_db_blocker, warehouse) -> Iterator[list[demonstration.SignIn]]:
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(WAREHOUSE_DIR=warehouse), time_machine.travel(BUILT):
            built = demonstration.build(customers=1_500, seed=2, progress=Progress())
        yield built
        transaction.set_rollback(True)


@pytest.fixture
def courier(sign_ins, db) -> Iterator[list[demonstration.SignIn]]:
    with time_machine.travel(READ):
        yield sign_ins


def test_members_are_twelve_in_six_disciplines_and_three_pods(courier):
    assert Member.objects.count() == len(PEOPLE) == 12
    assert set(Member.objects.values_list("discipline", flat=True)) == set(Discipline.values)
    assert {pod.name: pod.members.count() for pod in Pod.objects.all()} == {
        "Daily habit": 5, "Supporters": 6, "Welcome": 5,
    }  # fmt: skip


def test_sign_ins_are_one_a_role_and_nobody_else_has_a_password(courier):
    with_password = {member.email for member in Member.objects.all() if member.has_usable_password()}
    demonstration_members = set(Member.objects.filter(is_demonstration=True).values_list("email", flat=True))

    assert [sign_in.role for sign_in in courier] == ["administrator", "member", "reader"]
    assert {sign_in.email for sign_in in courier} == with_password == demonstration_members
    assert all(Member.objects.get(email=one.email).check_password(one.password) for one in courier)
    assert len({one.password for one in courier}) == 3


def test_ideas_are_in_all_states(courier):
    assert Counter(Idea.objects.values_list("state", flat=True)) == {
        "decided": 7, "planned": 4, "scored": 5, "in_round": 7, "backlog": 6, "declined": 3,
    }  # fmt: skip
    assert all(len(idea.problem) > 60 and len(idea.change) > 60 for idea in Idea.objects.all())
    assert Idea.objects.values("author").distinct().count() > 8


def test_an_idea_has_evidence_of_two_grades_and_every_reader_a_state(courier):
    grades = Evidence.objects.filter(idea__title__startswith="Start new readers").values_list("grade", flat=True)
    assert set(grades) == {"own_observation", "third_party"}
    counted = StateCount.objects.get()
    assert min(counted.customers.values()) > 0
    assert sum(counted.customers.values()) <= Customer.objects.count()


def test_rounds_are_two_closed_a_second_one_and_an_open_one_partly_voted(courier):
    counts = []
    for one in VotingRound.objects.order_by("pk"):
        cast = Ballot.objects.filter(round_idea__round=one).count()
        counts.append((one.name, one.state, one.round_ideas.count(), one.members.count(), cast))

    assert counts == [
        ("Round 7", "closed", 8, 9, 72),
        ("Round 7, second round", "closed", 1, 9, 9),
        ("Round 8", "closed", 9, 10, 78),
        ("Round 9", "open", 7, 8, 29),
    ]


def test_both_ends_have_written_where_the_dispute_was_meant_and_a_second_round_came_nearer(courier):
    written = Explanation.objects.filter(written_at__isnull=False).values_list("ballot__round_idea__idea__title", "end")
    again = RoundIdea.objects.filter(idea__title__startswith="Show a correction").order_by("pk")

    assert sorted((title.split()[0], end) for title, end in written) == [
        ("Invite", "highest"), ("Invite", "lowest"), ("Put", "highest"), ("Put", "lowest"), ("Show", "highest"),
        ("Show", "lowest"),
    ]  # fmt: skip
    assert [(one.impact_spread, one.disputed_scales) for one in again] == [(4, ["impact"]), (2, [])]


def test_the_demonstration_member_has_four_ideas_left_to_score_and_sees_a_tally(courier):
    mina, voting_round = Member.objects.get(email=MINA), VotingRound.objects.get(name="Round 9")

    assert len(backlog_queries.queue(mina, at=now())) == 4
    scored = [one for one in voting_round.round_ideas.all() if one.ballots.filter(voter=mina).exists()]
    tallies = [backlog_queries.tally_visible_to(mina, one) for one in scored]
    assert all(tally is not None and len(tally.scales) == 3 for tally in tallies)
    assert RoundMember.objects.filter(member=mina).count() == 4  # and she voted in all rounds that are closed


def test_experiments_are_simulated_and_as_far_as_promised(courier):
    assert Counter(Experiment.objects.values_list("state", flat=True)) == {
        State.DECIDED: 7, State.ENDED: 1, State.RUNNING: 2, State.DRAFT: 1,
    }  # fmt: skip
    # A draft has no customers yet, and may still get results of its own.
    assert set(Experiment.objects.filter(is_simulated=False)) == set(Experiment.objects.filter(state=State.DRAFT))
    assert sorted(one.variants.count() for one in Experiment.objects.all()) == [2] * 9 + [3, 4]
    assert Readout.objects.values("experiment").distinct().count() == 10
    assert not Experiment.objects.filter(idea=None).exists()


def test_one_experiment_is_invalid_by_its_sample_ratio_and_was_stopped(courier):
    decision = Decision.objects.get(experiment__key__endswith="follow-council")
    health = {check["check"]: check["status"] for check in decision.readout.document["health"]}
    verdicts = {row["verdict"] for part in decision.readout.document["metrics"] for row in part["comparisons"]}

    assert (decision.kind, health["sample_ratio"], verdicts) == ("stop", "fail", {"invalid"})


def test_one_experiment_waits_for_the_demonstration_member(courier):
    waiting = Experiment.objects.get(state=State.ENDED)
    comparison = waiting.readouts.get().document["metrics"][0]["comparisons"][0]

    assert may_decide(Member.objects.get(email=MINA), waiting)
    assert not may_decide(waiting.launch_owner, waiting)
    assert comparison["decision"] is not None  # the planned end is reached, every window closed


def test_nobody_decides_what_they_launched(courier):
    for decision in Decision.objects.select_related("experiment"):
        assert decision.decided_by_id != decision.experiment.launch_owner_id


def test_report_of_the_last_full_quarter_is_whole(courier):
    report = quarter_report(Quarter(2026, 3))

    assert [(row["experiment"], row["decided_at"][:10]) for row in report["decisions"]] == [
        ("2026q3-daily-habit-push-where-you-stopped", "2026-09-24"),
        ("2026q3-supporters-in-app-yearly-first", "2026-09-03"),
        ("2026q3-supporters-in-app-who-asks", "2026-08-20"),
        ("2026q2-daily-habit-email-ask-on-top", "2026-07-23"),
        ("2026q2-welcome-email-three-stories", "2026-07-16"),
    ]
    assert report["is_demonstration"]
    assert all(row["learning"] and row["reason"] and row["effect"]["low"] is not None for row in report["decisions"])
    counts = {name: report["counts"][name] for name in ("rounds_closed", "experiments_decided")}
    assert counts == {"rounds_closed": 1, "experiments_decided": 5}
    assert sum(report["counts"]["verdicts"].values()) == 5


def test_report_of_the_current_quarter_has_what_was_decided_lately(courier):
    decisions = quarter_report(Quarter(2026, 4))["decisions"]

    assert [row["experiment"].partition("q4-")[2] or row["experiment"] for row in decisions] == [
        "welcome-in-app-follow-council",
        "2026q3-supporters-email-neighbours",
    ]
    assert decisions[0]["effect"]["estimate"] is None


def test_the_trail_tells_when_things_happened(courier):
    experiment = Experiment.objects.get(key__endswith="who-asks")
    trail = AuditEntry.objects.filter(target_type="experiment", target_id=str(experiment.pk)).order_by("at", "pk")

    assert [(entry.verb, f"{entry.at:%Y-%m-%d}") for entry in trail] == [
        ("planned", "2026-07-01"),
        ("made ready", "2026-07-06"),  # midnight in Dublin is an hour before it in UTC
        ("launched", "2026-07-06"),
        ("ended", "2026-08-03"),
        ("decided", "2026-08-20"),
    ]
    assert not AuditEntry.objects.filter(at__gt=now()).exists()


def test_analysing_again_finds_the_same_readers(courier, warehouse, settings):
    settings.WAREHOUSE_DIR = warehouse
    before = {readout.experiment_id: readout.document["variants"] for readout in Readout.objects.all()}

    call_command("analyse", stdout=StringIO())

    after = {one.pk: one.readouts.first() for one in Experiment.objects.exclude(state=State.DRAFT)}
    assert {pk: readout.document["variants"] for pk, readout in after.items()} == before
    assert Readout.objects.count() == 20


def signs_in(sign_in: demonstration.SignIn, **where: str) -> bool:
    client = Client(**where)
    client.post(reverse("account_login"), {"login": sign_in.email, "password": sign_in.password})
    return "_auth_user_id" in client.session


def test_sign_ins_work_from_this_machine_and_from_nowhere_else(courier, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "ice.example.org"]

    for one in courier:
        assert signs_in(one, REMOTE_ADDR="127.0.0.1", HTTP_HOST="127.0.0.1:8000")
        assert not signs_in(one, REMOTE_ADDR="203.0.113.7", HTTP_HOST="127.0.0.1:8000")
        assert not signs_in(one, REMOTE_ADDR="127.0.0.1", HTTP_HOST="ice.example.org")  # behind a proxy


def test_the_last_quarters_report_is_released_and_asks_something(courier):
    revision = ReportRevision.objects.get()

    assert revision.quarter == "2026-Q3"
    assert revision.written_by != revision.released_by
    assert 1 <= len(revision.document["learnings"]) <= 3
    assert [len(ask.answers.all()) for ask in Ask.objects.filter(quarter="2026-Q3")] == [0, 1]
    assert {row["metric"] for row in revision.document["programme"]} >= {"read_in_week_2"}


def test_success_has_a_goal_tree_and_audiences_are_counted(courier):
    assert not [metric.key for metric in RegisteredMetric.objects.all() if metric.is_orphan]
    assert all(metric.levels.exists() for metric in RegisteredMetric.objects.all())
    counts = AudienceCount.objects.all()
    assert [count.matching for count in counts if not count.matching] == []
    assert len(counts) == 2


def test_pods_have_goals_in_both_quarters_and_experiments_stand_under_them(courier):
    quarter = current_quarter(now())
    sets = {str(one): sorted(goal.pod.slug for goal in goals_of(one)) for one in (quarter.previous, quarter)}
    reader = Member.objects.get(role="reader")

    found = calendar(quarter, member=reader, zone=ZoneInfo(workspace().time_zone), at=now())

    pods = ["daily-habit", "daily-habit", "supporters", "welcome"]
    assert sets == {str(quarter.previous): pods, str(quarter): pods}
    assert {entry.goal is not None for entry in found.entries if entry.experiment.pod.slug != "welcome"} == {True}
    assert {one.goal.quarter for one in found.proposals} == {str(quarter)}


def test_the_sunday_letter_is_a_bandit_whose_every_step_replays(courier):
    experiment = Experiment.objects.get(kind="bandit")
    told = experiment.readouts.get().document
    steps = list(experiment.batch_shares.all())

    assert [batch["batch"] for batch in told["bandit"]["batches"]] == list(range(9))
    assert len(steps) == 8
    assert all(replayed(step) == step.shares for step in steps)
    assert {check["status"] for check in told["health"]} == {"pass"}
