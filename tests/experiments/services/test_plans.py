"""Planning: the key that is proposed, and refusals that leave nothing behind."""

from datetime import UTC, datetime

import pytest

from backlog.models import Idea
from engagement.accounts.models import AuditEntry, Workspace
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from engagement.messaging.models import Message
from experiments.models import Experiment, Metric, Variant
from experiments.services import plans
from experiments.services.plans import MetricPlan, VariantPlan
from tests.backlog.factories import IdeaFactory
from tests.experiments.builders import planned
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
SOON = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


def share(key: str, share: float) -> VariantPlan:
    return VariantPlan(key, key, share)


def halves(first: float, second: float) -> list[VariantPlan]:
    return [share("a", first), share("b", second)]


def metric(key: str) -> MetricPlan:
    return MetricPlan(key, "mean", "primary")


KEY = "A key has 1 to 100 letters, digits, - or _."
PRIMARY = "Exactly one metric is primary: the one that decides."
FEW = "An experiment compares 2 to 10 variants, control included."
REFUSALS = [
    ({"key": "no spaces"}, InvalidInput, "key", KEY),
    ({"key": "x" * 101}, InvalidInput, "key", KEY),
    ({"key": "taken"}, Conflict, "key", "The key “taken” is taken by another experiment."),
    ({"variants": [share("a", 0.5)]}, InvalidInput, "variants", FEW),
    ({"variants": [share("a", 0.1)] * 11}, InvalidInput, "variants", FEW),
    ({"variants": [share("a", 0.5)] * 2}, InvalidInput, "variants", "Two variants have the same name."),
    ({"variants": halves(0.5, 0.4)}, InvalidInput, "shares", "The shares sum to 0.9; they must sum to 1."),
    ({"variants": halves(1.0, 0.0)}, InvalidInput, "shares", "Each share must lie above 0 and below 1."),
    ({"metrics": []}, InvalidInput, "metrics", PRIMARY),
    ({"metrics": [MetricPlan("m", "mean", "secondary")]}, InvalidInput, "metrics", PRIMARY),
    ({"metrics": [metric("m"), metric("n")]}, InvalidInput, "metrics", PRIMARY),
    ({"metrics": [metric("m"), metric("m")]}, InvalidInput, "metrics", "Two metrics have the same name."),
    ({"starts": SOON, "ends": SOON}, InvalidInput, "ends", "The end must lie after the start."),
]


def rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Experiment, Variant, Metric, Message, AuditEntry))


@pytest.mark.parametrize(("change", "error", "field", "sentence"), REFUSALS)
def test_a_refused_plan_leaves_nothing(change, error, field, sentence):
    planned(key="taken")
    before = rows()
    asked = {
        "key": "new", "name": "New", "actor": MemberFactory(), "variants": halves(0.5, 0.5),
        "metrics": [MetricPlan("m", "mean", "primary")], **change,
    }  # fmt: skip

    with pytest.raises(error) as refusal:
        plans.create(**asked)

    assert (str(refusal.value), refusal.value.field) == (sentence, field)
    assert rows() == before


def test_a_reader_plans_nothing():
    with pytest.raises(Forbidden, match="Your role is reader"):
        planned(actor=MemberFactory(reader=True))

    assert rows() == (0, 0, 0, 0, 0)


def test_a_plan_moves_its_idea_and_leaves_its_trace():
    member, idea = MemberFactory(name="Ben"), IdeaFactory(pod=PodFactory(slug="loyalty"))

    experiment = planned(actor=member, idea=idea)

    assert (experiment.state, experiment.pod, experiment.strategy_owner) == ("draft", idea.pod, member)
    assert Idea.objects.get(pk=idea.pk).state == "planned"
    assert [(variant.key, variant.position, str(variant.message)) for variant in experiment.variants.all()] == [
        ("none", 0, "None"), ("mail", 1, "Hello"),
    ]  # fmt: skip
    entry = AuditEntry.objects.get(target_type="experiment")
    assert (entry.verb, entry.actor_name) == ("planned", "Ben")
    assert entry.after == {"state": "draft", "key": "planned", "variants": "none, mail"}


def test_an_idea_in_a_round_is_not_planned():
    idea = IdeaFactory(state="in_round")
    before = rows()

    with pytest.raises(Conflict):
        planned(idea=idea)

    assert rows() == before


MULTI = [
    VariantPlan("control", "Control", 0.5, channel="push", subject="Hello"),
    VariantPlan("note", "Note", 0.5, subject="Thank you"),
]


def named(**changes) -> str:
    asked = {
        "name": "Thank you", "actor": MemberFactory(), "variants": MULTI, "starts": SOON,
        "metrics": [MetricPlan("m", "mean", "primary")], **changes,
    }  # fmt: skip
    return plans.plan(**asked).key


def test_b1_2_the_key_is_composed_by_the_pattern_in_the_workspaces_zone_and_is_free():
    Workspace.objects.update(time_zone="Europe/Berlin")
    pod = PodFactory(slug="loyalty")

    keys = [named(pod=pod), named(pod=pod), named(variants=halves(0.5, 0.5)), named(idea=IdeaFactory(pod=pod))]

    assert keys == [
        "2027q1-loyalty-multi-thank-you", "2027q1-loyalty-multi-thank-you-2", "2027q1-thank-you",
        "2027q1-loyalty-multi-thank-you-3",
    ]  # fmt: skip


def test_b1_2_the_key_that_is_composed_may_be_told_and_any_other_is_refused():
    Workspace.objects.update(naming_pattern="EXP_{title}_{quarter}")

    assert named(key="exp-thank-you-2026q4") == "exp-thank-you-2026q4"
    before = rows()
    with pytest.raises(InvalidInput) as other:
        named(key="thanks", actor=None)
    with pytest.raises(Conflict, match="The key “exp-thank-you-2026q4” is taken by another experiment"):
        named(key="exp-thank-you-2026q4", actor=None)

    sentence = "The key is composed as EXP_{title}_{quarter}: here “exp-thank-you-2026q4-2”."
    assert (str(other.value), other.value.field) == (sentence, "key")
    assert rows() == before
