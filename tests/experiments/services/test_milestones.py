"""Milestones from their proposal to the launch."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engagement.accounts.choices import Role
from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, Forbidden
from experiments.models import Experiment, Milestone
from experiments.queries.milestones import late_milestones, milestones_of
from experiments.services import checklist, milestones, plans, runs
from tests.experiments.builders import planned
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
FIRST, AFTER = datetime(2027, 3, 9, tzinfo=UTC), datetime(2027, 4, 6, tzinfo=UTC)
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
DAYS = {
    "plan": date(2027, 2, 16), "content": date(2027, 2, 23), "audience": date(2027, 3, 1),
    "approval": date(2027, 3, 5), "launch": date(2027, 3, 9),
}  # fmt: skip


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def experiment(member):
    return planned(actor=member, starts=FIRST, ends=AFTER, pod=PodFactory())


def due() -> dict[str, date]:
    return dict(Milestone.objects.values_list("step", "due"))


def test_they_are_proposed_backwards_with_owners_and_once(experiment, member):
    launcher = MemberFactory()
    Experiment.objects.update(launch_owner=launcher)

    first = milestones.propose(experiment=experiment, actor=member, at=NOW)
    again = milestones.propose(experiment=experiment, actor=member, at=NOW)

    assert (len(first), again, due()) == (5, [], DAYS)
    assert dict(Milestone.objects.values_list("step", "owner")) == {
        "plan": member.pk, "content": member.pk, "audience": member.pk, "approval": None, "launch": launcher.pk,
    }  # fmt: skip
    entry = AuditEntry.objects.get(verb="proposed milestones")
    assert entry.after["Launch"] == "2027-03-09"


def test_without_days_or_after_the_launch_none_are_proposed(experiment, member):
    undated = planned(key="undated")
    with pytest.raises(Conflict, match="Give the experiment its days first"):
        milestones.propose(experiment=undated, actor=member)

    runs.start(experiment=experiment, actor=None, at=FIRST)
    with pytest.raises(Conflict, match="Its milestones stand: the experiment is running"):
        milestones.propose(experiment=experiment, actor=member)
    assert not Milestone.objects.exists()


def test_a_reader_touches_none(experiment, member):
    milestones.propose(experiment=experiment, actor=member, at=NOW)
    reader, one = MemberFactory(reader=True), Milestone.objects.first()
    for verb in (
        lambda: milestones.propose(experiment=experiment, actor=reader),
        lambda: milestones.change(milestone=one, owner=reader, due=one.due, actor=reader),
        lambda: milestones.set_done(milestone=one, is_done=True, actor=reader),
    ):
        with pytest.raises(Forbidden):
            verb()
    assert due() == DAYS
    assert not Milestone.objects.exclude(done_at=None).exists()


def test_one_is_handed_over_done_and_opened_again(experiment, member):
    milestones.propose(experiment=experiment, actor=member, at=NOW)
    one, other = Milestone.objects.get(step="approval"), MemberFactory(name="Ben")

    milestones.change(milestone=one, owner=other, due=date(2027, 3, 4), actor=member)
    milestones.set_done(milestone=one, is_done=True, actor=other, at=NOW)
    milestones.set_done(milestone=one, is_done=True, actor=member, at=FIRST)

    one.refresh_from_db()
    assert (one.owner, one.due, one.done_by, one.done_at) == (other, date(2027, 3, 4), other, NOW)
    milestones.set_done(milestone=one, is_done=False, actor=member)
    assert (one.done_at, one.done_by) == (None, None)
    verbs = [entry.verb for entry in AuditEntry.objects.order_by("pk")]
    assert verbs[-3:] == ["changed a milestone", "did a milestone", "opened a milestone again"]


def test_open_ones_move_along_with_their_experiment(experiment, member):
    milestones.propose(experiment=experiment, actor=member, at=NOW)
    milestones.set_done(milestone=Milestone.objects.get(step="plan"), is_done=True, actor=member)
    week = timedelta(days=7)

    plans.move(experiment=experiment, starts=FIRST + week, ends=AFTER + week, reason="Later", actor=member, at=NOW)

    assert due() == {step: day if step == "plan" else day + week for step, day in DAYS.items()}


def test_the_launch_is_done_by_launching(experiment, member):
    milestones.propose(experiment=experiment, actor=member, at=NOW)

    runs.start(experiment=experiment, actor=member, at=FIRST)

    done = Milestone.objects.exclude(done_at=None)
    assert [(one.step, one.done_at, one.done_by) for one in done] == [("launch", FIRST, member)]


def test_what_waits_for_a_member_and_what_slips_in_a_pod(experiment, member):
    milestones.propose(experiment=experiment, actor=member, at=NOW)
    elsewhere = planned(key="elsewhere", actor=member, starts=FIRST, ends=AFTER, pod=PodFactory())
    milestones.propose(experiment=elsewhere, actor=member, at=NOW)
    running = planned(key="running", actor=member, starts=FIRST, ends=AFTER, pod=experiment.pod)
    milestones.propose(experiment=running, actor=member, at=NOW)
    runs.start(experiment=running, actor=None, at=FIRST)

    mine = [(one.experiment.key, one.step) for one in milestones_of(member)]
    late = [one.step for one in late_milestones(experiment.pod, today=date(2027, 2, 24))]

    assert len(mine) == 8
    assert {key for key, _step in mine} == {"planned", "elsewhere"}
    assert late == ["plan", "content"]


def test_an_approval_waits_for_every_second_member_of_the_pod_until_it_is_given(experiment, member):
    second, stranger, reader = MemberFactory(), MemberFactory(), MemberFactory(role=Role.READER)
    experiment.pod.members.set([member, second, reader])
    milestones.propose(experiment=experiment, actor=member, at=NOW)

    waiting = {one.name: [found.step for found in milestones_of(one)] for one in (member, second, stranger, reader)}
    checklist.mark(experiment=experiment, item="approval", kind="approval", actor=second)

    assert waiting == {
        member.name: ["plan", "content", "audience", "launch"],
        second.name: ["approval"],
        stranger.name: [],
        reader.name: [],
    }
    assert list(milestones_of(second)) == []
