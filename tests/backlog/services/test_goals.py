"""Goals: who sets them, what contradicts itself, and that a quarter that is over keeps its own."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from backlog.choices import GoalDirection, GoalKind
from backlog.models import Goal
from backlog.quarters import Quarter
from backlog.services import goals, ideas
from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from tests.backlog.factories import GoalFactory, IdeaFactory
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
QUARTER, DURING, AFTER = Quarter(2026, 3), datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 10, 1, 9, tzinfo=UTC)
SIZE = "A lift is above 0%, and nothing falls by more than 100%."
SAID = {"name": "Readers still here after 30 days", "metric_key": "retained_30", "target": Decimal("0.24")}


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def pod(member):
    return PodFactory(name="Welcome", slug="welcome", members=[member])


def test_a_goal_is_set_by_a_member_of_its_pod_and_leaves_its_trace(member, pod):
    goal = goals.add(
        quarter=QUARTER, pod=pod, **SAID, baseline=Decimal("0.2"), unit="%", actor=member, at=DURING
    )  # fmt: skip

    goal.refresh_from_db()
    assert (goal.owner, goal.reference, goal.lift) == (member, "2026-Q3/welcome/retained_30", Decimal("0.2"))
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.target_type, entry.target_label) == (
        "set", "goal", "Readers still here after 30 days (2026-Q3)",
    )  # fmt: skip
    assert entry.after == {"quarter": "2026-Q3", "pod": "Welcome", "metric": "retained_30", "target": "0.24"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": " "}, "This field cannot be blank."),
        ({"metric_key": ""}, "This field cannot be blank."),
        (
            {"kind": GoalKind.LIFT, "target": Decimal("-0.1")},
            SIZE,
        ),
        (
            {"kind": GoalKind.LIFT, "target": Decimal("1.1"), "direction": GoalDirection.DOWN},
            SIZE,
        ),
        ({"baseline": Decimal("0.3")}, "The target lies on the wrong side of where the metric stands."),
        (
            {"baseline": Decimal("0.2"), "direction": GoalDirection.DOWN},
            "The target lies on the wrong side of where the metric stands.",
        ),
    ],
)
def test_a_goal_that_contradicts_itself_is_refused(member, pod, values, sentence):
    with pytest.raises(InvalidInput) as refusal:
        goals.add(**{**SAID, **values}, quarter=QUARTER, pod=pod, actor=member, at=DURING)

    assert str(refusal.value) == sentence
    assert not Goal.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_pod_has_one_goal_for_a_metric_in_a_quarter(member, pod):
    goals.add(quarter=QUARTER, pod=pod, **SAID, actor=member, at=DURING)

    with pytest.raises(InvalidInput, match="has a goal for this metric"):
        goals.add(quarter=QUARTER, pod=pod, **{**SAID, "name": "Another"}, actor=member, at=DURING)

    goals.add(quarter=QUARTER.next, pod=pod, **SAID, actor=member, at=DURING)
    other = PodFactory(members=[member])
    goals.add(quarter=QUARTER, pod=other, **SAID, actor=member, at=DURING)
    assert Goal.objects.count() == 3


def test_strangers_and_readers_set_none_and_administrators_all(pod):
    for stranger in (MemberFactory(), MemberFactory(reader=True)):
        pod.members.add(stranger) if not stranger.may_write else None
        with pytest.raises(Forbidden):
            goals.add(quarter=QUARTER, pod=pod, **SAID, actor=stranger, at=DURING)
    assert not Goal.objects.exists()

    goals.add(quarter=QUARTER, pod=pod, **SAID, actor=MemberFactory(administrator=True), at=DURING)

    assert Goal.objects.get().pod == pod


def test_a_change_says_from_what_to_what_and_why(member, pod):
    goal = GoalFactory(pod=pod, quarter=str(QUARTER))

    goals.change(goal=goal, actor=member, reason="Spring was better", target=Decimal("0.35"), unit="%", at=DURING)

    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.before, entry.after, entry.reason) == (
        "changed", {"target": "0.330000"}, {"target": "0.35"}, "Spring was better",
    )  # fmt: skip


def test_a_goal_is_not_handed_to_a_pod_one_is_not_in(member, pod):
    goal = GoalFactory(pod=pod, quarter=str(QUARTER))

    with pytest.raises(Forbidden):
        goals.change(goal=goal, actor=member, pod=PodFactory(), at=DURING)

    assert Goal.objects.get().pod == pod


def test_when_its_quarter_is_over_a_goal_stands_as_it_was(member, pod):
    goal = GoalFactory(pod=pod, quarter=str(QUARTER))

    for verb in (
        lambda: goals.change(goal=goal, actor=member, target=Decimal("0.31"), at=AFTER),
        lambda: goals.add(quarter=QUARTER, pod=pod, **SAID, actor=member, at=AFTER),
    ):
        with pytest.raises(Conflict, match="2026-Q3 is over"):
            verb()

    assert Goal.objects.get().target == Decimal("0.33")


@pytest.mark.parametrize(
    ("values", "lift"),
    [
        ({"baseline": None}, None),
        ({"kind": "lift", "target": Decimal("0.05"), "baseline": None}, Decimal("0.05")),
        ({"kind": "lift", "target": Decimal("0.05"), "direction": "down"}, Decimal("-0.05")),
        ({"baseline": Decimal("0.44"), "direction": "down"}, Decimal("-0.25")),
    ],
)
def test_the_lift_a_goal_asks_for(values, lift):
    assert GoalFactory.build(pod=None, owner=None, **values).lift == lift


def test_an_idea_hurts_another_goal_than_it_serves(member):
    goal, idea = GoalFactory(), IdeaFactory(author=member)

    with pytest.raises(InvalidInput) as refusal:
        ideas.change(idea=idea, actor=member, serves=goal, may_hurt_goal=goal)

    assert str(refusal.value) == "An idea cannot hurt the goal it serves. Choose another one, or none."
    ideas.change(idea=idea, actor=member, serves=goal, may_hurt_goal=GoalFactory(name="Fewer letters"))
    idea.refresh_from_db()
    assert (idea.serves, idea.may_hurt_goal.name) == (goal, "Fewer letters")
