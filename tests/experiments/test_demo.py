"""The demonstration workspace: what is in it, that it is the same again, and where it refuses to be built."""

from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import time_machine
from django.conf import settings as live_settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse

from backlog import queries as backlog_queries
from backlog.models import Ballot, Idea, RoundMember, VotingRound
from backlog.quarters import Quarter
from backlog.services import ideas
from engagement.accounts.choices import Discipline, Role
from engagement.accounts.models import AuditEntry, Member, Pod
from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.core.jobs import Progress
from engagement.customers.models import Customer
from engagement.customers.services import customers
from engagement.warehouse import store
from experiments.demonstration.people import PEOPLE
from experiments.lifecycle import State
from experiments.models import Decision, Experiment, Readout
from experiments.reports.quarter import quarter_report
from experiments.rules import may_decide
from experiments.services import analysis, demonstration

READERS = 1_500
WEDNESDAY = "2026-11-18T12:00:00+00:00"
QUICK_HASH = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MINA = "mina@larkmoor-courier.example"


@pytest.fixture(autouse=True)
def on_a_wednesday(settings) -> Iterator[None]:
    settings.PASSWORD_HASHERS = QUICK_HASH
    with time_machine.travel(WEDNESDAY):
        yield


def build(**options: Any) -> list[demonstration.SignIn]:
    return demonstration.build(**{"customers": READERS, "seed": 2, "progress": Progress(), **options})


def demo(*arguments: str) -> str:
    out = StringIO()
    call_command("demo", "--customers", str(READERS), *arguments, stdout=out)
    return out.getvalue()


def refusal(*arguments: str) -> str:
    """The sentence with which the command exits 1."""
    error = StringIO()
    with pytest.raises(SystemExit) as exit_info:
        call_command("demo", "--customers", str(READERS), *arguments, stderr=error)
    assert exit_info.value.code == 1
    return error.getvalue()


# --- what is in it: read by many tests, built once ------------------------------------------------------------------
@pytest.fixture(scope="module")
def sign_ins(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[list[demonstration.SignIn]]:
    folder = {"WAREHOUSE_DIR": tmp_path_factory.mktemp("warehouse"), "PASSWORD_HASHERS": QUICK_HASH}
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(**folder), time_machine.travel(WEDNESDAY):
            built = build()
        yield built
        transaction.set_rollback(True)


@pytest.fixture
def courier(sign_ins, db) -> list[demonstration.SignIn]:
    return sign_ins


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
        "decided": 7, "planned": 3, "scored": 5, "in_round": 7, "backlog": 6, "declined": 3,
    }  # fmt: skip
    assert all(len(idea.problem) > 80 and len(idea.change) > 80 for idea in Idea.objects.all())
    assert Idea.objects.values("author").distinct().count() > 8


def test_rounds_are_two_closed_and_an_open_one_partly_voted(courier):
    counts = [
        (one.name, one.state, one.round_ideas.count(), one.members.count(), Ballot.objects.filter(round_idea__round=one).count())
        for one in VotingRound.objects.order_by("pk")
    ]  # fmt: skip
    assert counts == [
        ("Round 7", "closed", 8, 9, 72),
        ("Round 8", "closed", 9, 10, 78),
        ("Round 9", "open", 7, 8, 29),
    ]


def test_the_demonstration_member_has_four_ideas_left_to_score_and_sees_a_tally(courier):
    mina, voting_round = Member.objects.get(email=MINA), VotingRound.objects.get(name="Round 9")

    assert len(backlog_queries.queue(mina, at=now())) == 4
    scored = [one for one in voting_round.round_ideas.all() if one.ballots.filter(voter=mina).exists()]
    tallies = [backlog_queries.tally_visible_to(mina, one) for one in scored]
    assert all(tally is not None and len(tally.scales) == 3 for tally in tallies)
    assert RoundMember.objects.filter(member=mina).count() == 3  # and she voted in both rounds that are closed


def test_experiments_are_simulated_and_as_far_as_promised(courier):
    assert Counter(Experiment.objects.values_list("state", flat=True)) == {
        State.DECIDED: 7, State.ENDED: 1, State.RUNNING: 1, State.DRAFT: 1,
    }  # fmt: skip
    assert set(Experiment.objects.values_list("is_simulated", flat=True)) == {True}
    assert sorted(one.variants.count() for one in Experiment.objects.all()) == [2] * 9 + [3]
    assert Readout.objects.values("experiment").distinct().count() == 9
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
        ("2026-q3-daily-habit-push-where-you-stopped", "2026-09-24"),
        ("2026-q3-supporters-in-app-yearly-first", "2026-09-03"),
        ("2026-q3-supporters-in-app-who-asks", "2026-08-20"),
        ("2026-q2-daily-habit-email-ask-on-top", "2026-07-23"),
        ("2026-q2-welcome-email-three-stories", "2026-07-16"),
    ]
    assert report["is_demonstration"]
    assert all(row["learning"] and row["reason"] and row["effect"]["low"] is not None for row in report["decisions"])
    counts = {name: report["counts"][name] for name in ("rounds_closed", "experiments_decided")}
    assert counts == {"rounds_closed": 1, "experiments_decided": 5}
    assert sum(report["counts"]["verdicts"].values()) == 5


def test_report_of_the_current_quarter_has_what_was_decided_lately(courier):
    decisions = quarter_report(Quarter(2026, 4))["decisions"]

    assert [row["experiment"].partition("-q4-")[2] or row["experiment"] for row in decisions] == [
        "welcome-in-app-follow-council",
        "2026-q3-supporters-email-neighbours",
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


# --- the same again -------------------------------------------------------------------------------------------------
def data() -> tuple[list[Any], list[Any], list[Any]]:
    """Everything but passwords and generated ids: ballots, readouts, decisions."""
    ballots = Ballot.objects.order_by("round_idea__idea__title", "voter__email").values_list(
        "round_idea__idea__title", "voter__email", "impact", "confidence", "ease", "comment", "expected_lift", "cast_at"
    )
    readouts = [readout.document for readout in Readout.objects.order_by("experiment__key")]
    decisions = Decision.objects.order_by("experiment__key").values_list(
        "experiment__key", "kind", "variant__key", "learning", "decided_by__email", "decided_at"
    )
    return list(ballots), readouts, list(decisions)


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_data_and_another_one_other_data():
    build(seed=3)
    first = data()

    build(seed=3, reset=True)
    again = data()
    build(seed=4, reset=True)
    other = data()

    assert again == first
    assert [len(part) for part in other] == [len(part) for part in first]
    assert all(part != like for part, like in zip(other, first, strict=True))


@pytest.mark.django_db
def test_analysing_again_finds_what_was_found():
    build()
    before = {readout.experiment_id: readout.document["variants"] for readout in Readout.objects.all()}

    call_command("analyse", stdout=StringIO())

    after = {one.pk: one.readouts.first() for one in Experiment.objects.exclude(state=State.DRAFT)}
    assert {pk: readout.document["variants"] for pk, readout in after.items()} == before
    assert Readout.objects.count() == 18


# --- where it is built, and where not -------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_command_prints_address_and_sign_ins_once():
    with override_settings(BASE_URL="http://127.0.0.1:8123"):
        printed = demo()

    assert printed.startswith(
        "Larkmoor Courier is ready, with 1,500 simulated readers. Open http://127.0.0.1:8123 and sign in as one of "
        "these; the passwords are shown this once, and work on this machine only.\n"
    )
    lines = [line.split() for line in printed.splitlines() if "@" in line]
    assert [(role, email) for role, email, _password in lines] == [
        ("administrator", "orla@larkmoor-courier.example"),
        ("member", MINA),
        ("reader", "judith@larkmoor-courier.example"),
    ]
    assert all(Member.objects.get(email=email).check_password(password) for _role, email, password in lines)
    assert workspace().is_demonstration


@pytest.mark.django_db
def test_if_empty_builds_once_and_then_says_where_the_sign_ins_are():
    demo("--if-empty")
    passwords = dict(Member.objects.values_list("email", "password"))

    said = demo("--if-empty")

    assert said == (
        "The demonstration is here; its sign-ins were printed at the first start. New ones come with a new demonstration "
        "(python manage.py demo --reset), or for one member with python manage.py changepassword E-MAIL.\n"
    )
    assert dict(Member.objects.values_list("email", "password")) == passwords


@pytest.mark.django_db
def test_if_empty_leaves_a_workspace_alone_in_which_somebody_works():
    Member.objects.create(email="ada@example.org", name="Ada", discipline=Discipline.DATA)

    assert demo("--if-empty") == "This workspace is in use, so the demonstration was left out.\n"
    assert (Member.objects.count(), Idea.objects.count(), workspace().is_demonstration) == (1, 0, False)


@pytest.mark.django_db
def test_a_second_demonstration_is_refused_without_reset():
    build()
    pks = set(Experiment.objects.values_list("pk", flat=True))

    assert refusal() == (
        "The demonstration workspace is here already. demo --reset removes everything in it, members included, and "
        "builds it anew.\n"
    )
    assert set(Experiment.objects.values_list("pk", flat=True)) == pks


@pytest.mark.django_db
def test_reset_removes_everything_and_builds_anew():
    old = {sign_in.email: sign_in.password for sign_in in build()}
    visitor = Member.objects.create(email="guest@example.org", name="Guest", discipline=Discipline.DESIGN)
    mine = ideas.add(title="An idea of mine", problem="A problem", change="A change", actor=visitor)
    rows = stored_rows()

    printed = demo("--reset")

    assert "Larkmoor Courier is ready" in printed
    assert not Member.objects.filter(email=visitor.email).exists()
    assert not Idea.objects.filter(title=mine.title).exists()
    assert not any(Member.objects.get(email=email).check_password(password) for email, password in old.items())
    assert (Member.objects.count(), Experiment.objects.count(), Customer.objects.count()) == (12, 10, READERS)
    assert stored_rows() == rows  # of one demonstration, not of two


def stored_rows() -> dict[str, int]:
    return {
        name: sum(pq.ParquetFile(Path(file)).metadata.num_rows for file in store.snapshot(name))
        for name in ("events", "exposures")
    }


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [[], ["--reset"]], ids=["demo", "demo --reset"])
def test_a_workspace_with_ideas_of_its_own_is_refused_and_keeps_them(arguments: list[str]):
    ada = Member.objects.create(email="ada@example.org", name="Ada", discipline=Discipline.DATA)
    mine = ideas.add(title="An idea of mine", problem="A problem", change="A change", actor=ada)

    said = refusal(*arguments)

    assert said.startswith("This workspace holds ideas, experiments or customers of its own")
    assert list(Idea.objects.all()) == [mine]
    assert list(Member.objects.all()) == [ada]
    assert not workspace().is_demonstration


@pytest.mark.django_db
def test_a_workspace_with_customers_of_its_own_is_refused_and_keeps_its_store():
    customers.ensure(["ada"])
    folder = live_settings.WAREHOUSE_DIR / "events"
    store.snapshot("events")

    assert refusal("--reset").startswith("This workspace holds")
    assert (Customer.objects.count(), folder.exists()) == (1, True)


@pytest.mark.django_db
def test_an_administrator_of_an_empty_workspace_stays():
    ada = Member.objects.create(
        email="ada@example.org", name="Ada", role=Role.ADMINISTRATOR, discipline=Discipline.DATA
    )

    build()

    assert Member.objects.filter(pk=ada.pk).exists()
    assert Member.objects.count() == 13


@pytest.mark.django_db
def test_a_build_that_fails_leaves_nothing_and_the_next_one_works(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(analysis, "analyse", lambda **arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build()
    assert (Member.objects.count(), Idea.objects.count(), Customer.objects.count()) == (0, 0, 0)
    assert not workspace().is_demonstration
    broken = stored_rows()

    build()

    assert stored_rows() == broken
    assert Member.objects.count() == 12


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [["--customers", "499"], ["--customers", "many"], ["--seed", "-1"]])
def test_wrong_numbers_are_wrong_usage(arguments: list[str]):
    with pytest.raises(CommandError, match="is not a whole number"):
        call_command("demo", *arguments)
    assert not Member.objects.exists()


# --- loopback only --------------------------------------------------------------------------------------------------
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
