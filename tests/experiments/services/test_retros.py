"""Closing an experiment, and what follows from it."""

import pytest
from django.urls import reverse

from backlog.models import Evidence, Idea
from engagement.core.errors import Conflict, InvalidInput
from experiments.lifecycle import State
from experiments.models import Decision, Experiment, Retro
from experiments.services import decisions, retros
from tests.experiments.builders import imported
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
SAID = {"why": "They read at noon.", "learning": "Noon beats morning."}


@pytest.fixture
def member():
    return MemberFactory(name="Cleo")


@pytest.fixture
def decided(tmp_path, member) -> Experiment:
    ended = imported(tmp_path)
    decisions.decide(experiment=ended, kind="stop", reason="Why.", learning="Mail sells.", actor=member)
    return Experiment.objects.get(pk=ended.pk)


def test_b7_2_what_is_not_recommended_ships_with_a_reason_only(tmp_path, member):
    ended = imported(tmp_path, rates={"none": 0.5, "mail": 0.3})
    asked = {"experiment": ended, "kind": "ship", "variant": ended.variants.get(position=1), "actor": member}
    assert ended.readouts.first().document["recommendation"]["variant"] != "mail"

    with pytest.raises(InvalidInput, match="Say why"):
        decisions.decide(**asked, reason=" ", learning="What.")
    decisions.decide(**asked, reason="The law asks for it.", learning="What.")

    assert Decision.objects.get().reason == "The law asks for it."


def test_b8_1_without_a_learning_it_stays_open_and_with_one_it_is_closed(client, decided, member):
    client.force_login(member)
    close, page = (reverse("experiment_close", args=[decided.key]), reverse("experiment", args=[decided.key, "retro"]))

    assert client.post(close, {"why": "So.", "learning": ""}).status_code == 422
    with pytest.raises(InvalidInput, match="one sentence is enough"):
        retros.close(experiment=decided, why="So.", learning=" ", actor=member)
    assert (Experiment.objects.get().state, Retro.objects.count()) == (State.DECIDED, 0)
    client.post(close, SAID)

    assert Experiment.objects.get().state == State.CLOSED
    assert "Noon beats morning." in client.get(page).content.decode()


def test_only_what_is_decided_is_closed_and_once(tmp_path, decided, member):
    with pytest.raises(Conflict):
        retros.close(experiment=imported(tmp_path, key="ended"), actor=member, **SAID)
    retros.close(experiment=decided, actor=member, **SAID)
    with pytest.raises(Conflict):
        retros.close(experiment=decided, actor=member, **SAID)

    assert Retro.objects.count() == 1


def test_b8_a_next_idea_is_a_real_one_with_the_result_as_evidence(client, decided, member):
    retros.close(experiment=decided, actor=member, **SAID)
    client.force_login(member)

    asked = {"title": "Noon for all", "problem": "Others read at noon too.", "change": "Send at noon."}
    client.post(reverse("experiment_next_idea", args=[decided.key]), asked, headers={"host": "localhost"})

    evidence = Evidence.objects.get(idea=Idea.objects.get(title="Noon for all"))
    assert (evidence.grade, evidence.says, evidence.source) == ("own_experiment", SAID["learning"], decided.name)
    assert evidence.url.endswith(f"/experiments/{decided.key}/results/")


def test_b8_2_a_learning_is_found_by_metric_and_shown_with_its_experiment(client, decided, member):
    client.force_login(member)

    assert "Mail sells." in client.get(reverse("learnings"), {"q": "bought"}).content.decode()
    assert "Mail sells." not in client.get(reverse("learnings"), {"q": "unheard"}).content.decode()
