"""Recording the decision: by whom, on what, once."""

import json

import pytest

from backlog.models import Idea
from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from experiments.models import Decision, Experiment
from experiments.services import decisions
from tests.backlog.factories import IdeaFactory
from tests.experiments.builders import imported, mismatched, planned
from tests.factories import MemberFactory


@pytest.fixture
def launcher():
    return MemberFactory(name="Launcher")


@pytest.fixture
def ended(db, tmp_path, launcher) -> Experiment:
    return imported(tmp_path, actor=launcher)


def asked(experiment: Experiment, **changes):
    variant = experiment.variants.get(position=1)
    wanted = {"kind": "ship", "variant": variant, "reason": "It sells.", "learning": "Mail sells."}
    return {"experiment": experiment, "actor": MemberFactory(), **wanted, **changes}


def test_a_decision_moves_experiment_and_idea_and_leaves_its_trace(ended):
    idea = IdeaFactory(state="planned")
    Experiment.objects.filter(pk=ended.pk).update(idea=idea)
    ended.refresh_from_db()

    decision = decisions.decide(**asked(ended, reason=" It sells. "))

    assert (decision.kind, decision.variant.key, decision.reason) == ("ship", "mail", "It sells.")
    assert decision.readout == ended.readouts.first()
    assert Experiment.objects.get(pk=ended.pk).state == "decided"
    assert Idea.objects.get(pk=idea.pk).state == "decided"
    entry = AuditEntry.objects.get(verb="decided", target_type="experiment")
    assert (entry.before, entry.reason) == ({"state": "ended"}, "It sells.")
    assert entry.after == {"state": "decided", "decision": "ship", "variant": "mail"}


def test_two_experiments_made_from_one_idea_are_both_decided(ended, tmp_path):
    idea = IdeaFactory(state="planned")
    second = imported(tmp_path, key="second")
    Experiment.objects.update(idea=idea)

    for experiment in (ended, second):
        decisions.decide(**asked(Experiment.objects.get(pk=experiment.pk)))

    assert set(Experiment.objects.values_list("state", flat=True)) == {"decided"}
    assert Idea.objects.get(pk=idea.pk).state == "decided"
    assert AuditEntry.objects.filter(verb="decided", target_type="idea").count() == 1


def test_the_launch_owner_is_refused_and_the_attempt_is_kept(ended, launcher):
    with pytest.raises(Forbidden) as refusal:
        decisions.decide(**asked(ended, actor=launcher))

    assert str(refusal.value) == "You launched this experiment, so somebody else records its decision."
    assert not Decision.objects.exists()
    entry = AuditEntry.objects.get(verb="was refused to decide")
    assert (entry.actor, entry.target_id, entry.reason) == (launcher, str(ended.pk), str(refusal.value))


def test_a_reader_is_refused(ended):
    with pytest.raises(Forbidden, match="Your role is reader"):
        decisions.decide(**asked(ended, actor=MemberFactory(reader=True)))

    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"kind": "win"}, "kind", "Choose one of the decisions."),
        ({"variant": None}, "variant", "Shipping names the variant to ship; the other decisions name none."),
        ({"kind": "stop"}, "variant", "Shipping names the variant to ship; the other decisions name none."),
        ({"reason": " "}, "reason", "Say why: the quarterly report shows the reason."),
        ({"learning": ""}, "learning", "Say in one sentence what the next pod should know."),
    ],
)
def test_a_refused_decision_leaves_nothing(ended, change, field, sentence):
    before = AuditEntry.objects.count()

    with pytest.raises(InvalidInput) as refusal:
        decisions.decide(**asked(ended, **change))

    assert (str(refusal.value), refusal.value.field) == (sentence, field)
    assert (Decision.objects.count(), AuditEntry.objects.count()) == (0, before)
    assert Experiment.objects.get(pk=ended.pk).state == "ended"


def test_a_variant_of_another_experiment_is_refused(ended, tmp_path):
    other = planned()

    with pytest.raises(InvalidInput, match="belongs to another experiment"):
        decisions.decide(**asked(ended, variant=other.variants.get(position=1)))


def test_nothing_is_shipped_on_an_invalid_result_but_it_can_be_stopped(db, tmp_path):
    experiment = mismatched(tmp_path)

    with pytest.raises(Conflict, match="A health check failed"):
        decisions.decide(**asked(experiment))
    decisions.decide(**asked(experiment, kind="stop", variant=None))

    assert Decision.objects.get().kind == "stop"


@pytest.mark.django_db
def test_a_plan_without_results_is_not_decided():
    with pytest.raises(NotFound, match="has no readout yet"):
        decisions.decide(**asked(planned()))


def test_a_second_decision_is_refused(ended):
    decisions.decide(**asked(ended))

    with pytest.raises(Conflict, match="not waiting for a decision: it is Decided"):
        decisions.decide(**asked(ended, kind="stop", variant=None))

    assert Decision.objects.get().kind == "ship"


def test_of_eight_members_at_the_same_moment_one_decides(installation):
    told = json.loads(installation.shell("from tests.experiments.races import main; main()"))

    assert told.pop("releases") == {"ended": ["Conflict"] * 3 + ["done"], "revisions": 1}
    assert told == {"ended": ["Conflict"] * 7 + ["done"], "decisions": 1, "entries": 1, "state": "decided"}
