"""Starting and ending an experiment."""

from datetime import UTC, datetime, timedelta

import pytest

from engagement.accounts.choices import Discipline, Role
from engagement.accounts.models import AuditEntry, Member
from engagement.core.errors import Conflict, Forbidden
from experiments.lifecycle import State
from experiments.models import Experiment
from experiments.services import plans, runs

pytestmark = pytest.mark.django_db

START = datetime(2026, 7, 7, tzinfo=UTC)
DAY = timedelta(days=1)


def member(name: str, role: str = Role.MEMBER) -> Member:
    return Member.objects.create(email=f"{name}@example.org", name=name, role=role, discipline=Discipline.DATA)


def planned(**dates: datetime) -> Experiment:
    return plans.create(
        key="letter",
        name="A letter",
        variants=[plans.VariantPlan("today", "Today", 0.5), plans.VariantPlan("letter", "Letter", 0.5)],
        metrics=[plans.MetricPlan("read", "proportion", "primary")],
        actor=None,
        **dates,
    )


def trail(experiment: Experiment) -> list[tuple[str, str, dict, dict, datetime]]:
    entries = AuditEntry.objects.filter(target_type="experiment", target_id=str(experiment.pk)).order_by("pk")
    return [(entry.verb, entry.actor_name, entry.before, entry.after, entry.at) for entry in entries]


def test_start_of_a_draft_makes_it_ready_and_running_and_names_the_launch_owner():
    ada = member("Ada")
    at = START + timedelta(hours=9)

    experiment = runs.start(experiment=planned(starts=START, ends=START + 28 * DAY), actor=ada, at=at)

    experiment.refresh_from_db()
    assert (experiment.state, experiment.launch_owner, experiment.starts) == (State.RUNNING, ada, at)
    assert trail(experiment)[1:] == [
        ("made ready", "Ada", {"state": "draft"}, {"state": "ready"}, at),
        ("launched", "Ada", {"state": "ready"}, {"state": "running"}, at),
    ]


def test_start_without_an_end_ahead_is_refused():
    endless, over = planned(starts=START), START + 28 * DAY

    with pytest.raises(Conflict, match="names no end"):
        runs.start(experiment=endless, actor=None, at=START)
    Experiment.objects.filter(pk=endless.pk).update(ends=over)
    with pytest.raises(Conflict, match="names no end"):
        runs.start(experiment=endless, actor=None, at=over)

    endless.refresh_from_db()
    assert (endless.state, endless.launch_owner) == (State.DRAFT, None)


def test_start_twice_is_refused():
    experiment = planned(starts=START, ends=START + 28 * DAY)
    runs.start(experiment=experiment, actor=None, at=START)

    with pytest.raises(Conflict, match="is running, and from there it cannot become running"):
        runs.start(experiment=experiment, actor=member("Ada"), at=START + DAY)

    experiment.refresh_from_db()
    assert (experiment.starts, experiment.launch_owner) == (START, None)


def test_start_by_a_reader_is_refused():
    experiment = planned(starts=START, ends=START + 28 * DAY)

    with pytest.raises(Forbidden):
        runs.start(experiment=experiment, actor=member("Rita", Role.READER), at=START)

    experiment.refresh_from_db()
    assert experiment.state == State.DRAFT


@pytest.mark.parametrize(
    ("ended_on", "end_then"), [(28, 28), (30, 28), (9, 9)], ids=["as planned", "later", "before its time"]
)
def test_end_keeps_the_planned_end_unless_it_lies_ahead(ended_on: int, end_then: int):
    experiment = planned(starts=START, ends=START + 28 * DAY)
    runs.start(experiment=experiment, actor=None, at=START)

    runs.end(experiment=experiment, actor=None, at=START + ended_on * DAY)

    experiment.refresh_from_db()
    assert (experiment.state, experiment.ends) == (State.ENDED, START + end_then * DAY)
    assert trail(experiment)[-1] == (
        "ended", "command line", {"state": "running"}, {"state": "ended"}, START + ended_on * DAY
    )  # fmt: skip


def test_end_of_what_never_ran_is_refused():
    experiment = planned(starts=START, ends=START + 28 * DAY)

    with pytest.raises(Conflict, match="this one is draft"):
        runs.end(experiment=experiment, actor=None, at=START)

    experiment.refresh_from_db()
    assert experiment.state == State.DRAFT
