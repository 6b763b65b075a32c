"""The library of learnings: what is found by which words and filters, in which order, and after which changes."""

import pytest
from django.core.management import call_command
from django.db import connection

from backlog.models import Idea
from engagement.customers.services import audiences
from engagement.messaging.models import Message
from experiments.models import Experiment, Learning, LearningState, LearningWords
from experiments.queries.learnings import learned, nearest, states_learned_about
from experiments.services import decisions, learnings, retros
from tests.backlog.factories import IdeaFactory
from tests.experiments.builders import imported
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
CASUAL = {"all": [{"trait": "plan", "op": "is", "value": "gold"}, {"state": ["casual", "low"]}]}


def decided(folder, key: str, learning: str, *, reason: str = "Because.", **columns) -> Experiment:
    experiment = imported(folder, key=key, rows=40)
    Experiment.objects.filter(pk=experiment.pk).update(**columns)
    decisions.decide(
        experiment=Experiment.objects.get(pk=experiment.pk), kind="stop", reason=reason, learning=learning, actor=None
    )
    return Experiment.objects.get(pk=experiment.pk)


def found(**filters: str) -> list[str]:
    return [learning.sentence for learning in learned(**filters)]


def test_b8_2_a_learning_is_found_with_experiment_metric_state_and_channel(tmp_path):
    version = audiences.create(name="Quiet gold readers", rule=CASUAL, actor=None)
    idea = IdeaFactory(title="Thank them", state="planned", channel="push", lever="timing", lifecycle_stage="nurture")
    decided(tmp_path, "noon", "Noon beats morning.", idea=idea, audience_version=version)
    decided(tmp_path, "thanks", "Thanks bring people back.")
    noon = ["Noon beats morning."]

    assert found(text="quiet gold") == found(text="thank them noon") == found(text="push casual") == noon
    assert found(metric="bought") == ["Thanks bring people back.", *noon]
    assert found(metric="bought", text="noo") == noon
    assert found(state="casual") == found(state="low") == found(channel="push") == noon
    assert found(lever="timing") == found(stage="nurture") == noon
    assert found(state="power") == found(channel="email") == found(lever="content") == found(metric="read") == []
    assert found(state="low", channel="push", stage="convert") == []


def test_a_customer_state_is_also_that_of_the_idea(tmp_path):
    decided(tmp_path, "noon", "Noon beats morning.", idea=IdeaFactory(state="planned", customer_state="power"))

    assert found(state="power") == found(text="power") == ["Noon beats morning."]
    assert found(state="low") == []
    assert states_learned_about() == ["power"]


def test_a_channel_is_also_that_of_a_message(tmp_path):
    experiment, message = imported(tmp_path, rows=40), Message.objects.create(contents={"in_app": {"body": "Hello"}})
    experiment.variants.filter(position=1).update(message=message)
    decisions.decide(experiment=experiment, kind="stop", reason="So.", learning="Quiet works.", actor=None)

    assert found(channel="in_app") == found(text="in-app") == ["Quiet works."]
    assert found(channel="email") == []


def test_a_word_of_the_sentence_counts_for_more_than_one_around_it(tmp_path):
    decided(tmp_path, "first", "Letters at noon are read.")
    decided(tmp_path, "second", "Thanks bring people back.", reason="Letters, letters at noon.")

    assert found(text="letters") == ["Letters at noon are read.", "Thanks bring people back."]
    assert found() == ["Thanks bring people back.", "Letters at noon are read."]


@pytest.mark.parametrize(
    "text", ['"', "noon OR thanks", "*", "NEAR(noon)", "noon & | !", "'; --", "told : noon", "\x00"]
)
def test_what_is_typed_is_words_and_never_a_command(tmp_path, text):
    decided(tmp_path, "noon", "Noon beats morning.")

    assert found(text=text) in ([], ["Noon beats morning."])


def test_accents_and_case_and_signs_do_not_matter(tmp_path):
    decided(tmp_path, "kaffee", "Käufer mögen 早安 am Morgen.")

    assert found(text="KAUFER mogen") == found(text="早安") == found(text="安 morg") == ["Käufer mögen 早安 am Morgen."]


def test_the_retro_has_the_last_word(tmp_path):
    experiment = decided(tmp_path, "noon", "Noon beats morning.")

    retros.close(experiment=experiment, why="Trains.", learning="Trains are read in.", actor=MemberFactory())

    assert found(text="trains read") == found(text="noon morning") == ["Trains are read in."]


def test_what_changed_below_and_what_was_lost_comes_back_by_a_rebuild(tmp_path, capsys):
    idea = IdeaFactory(title="Thank them", state="planned")
    version = audiences.create(name="Quiet", rule=CASUAL, actor=None)
    experiment = decided(tmp_path, "noon", "Noon beats morning.", idea=idea, audience_version=version)
    gone = decided(tmp_path, "gone", "Gone tomorrow.")
    kept = list(LearningState.objects.values_list("learning", "state"))
    Idea.objects.filter(pk=idea.pk).update(title="Bless them")
    Learning.objects.filter(pk=experiment.pk).delete()
    gone.decision.delete()

    call_command("index_learnings")

    assert capsys.readouterr().out == "1 learnings can be found.\n"
    assert found() == found(text="bless") == found(state="low") == ["Noon beats morning."]
    assert found(text="thank") == found(text="gone") == []
    assert list(LearningState.objects.values_list("learning", "state")) == kept
    if connection.vendor == "sqlite":
        assert list(LearningWords.objects.values_list("pk", flat=True)) == [experiment.pk]


def test_rebuilding_in_parts_gives_the_same(tmp_path, monkeypatch):
    for key in ("one", "two", "three"):
        decided(tmp_path, key, f"Learning {key}.")
    before = found(text="learning")
    monkeypatch.setattr(learnings, "AT_ONCE", 2)

    assert learnings.rebuild() == "3 learnings can be found."

    assert found(text="learning") == before == ["Learning three.", "Learning two.", "Learning one."]


def test_an_audience_of_all_states_is_limited_to_none(tmp_path):
    everybody = {"any": [{"state": ["power", "core"]}, {"not": {"state": ["power", "core"]}}]}
    decided(tmp_path, "all", "All.", audience_version=audiences.create(name="All", rule=everybody, actor=None))

    assert list(LearningState.objects.all()) == []


def test_the_nearest_share_a_third_of_the_words_and_those_of_the_sentence_count_double(tmp_path):
    decided(tmp_path, "around", "It tires.", reason="Morning letters with a quiz.")
    decided(tmp_path, "told", "Letters in the mornings win.")
    decided(tmp_path, "one", "Quiz.", reason="Nothing.")

    def near(title: str, problem: str = "") -> list[str]:
        return [learning.sentence for learning in nearest(title, problem=problem)]

    assert near("Morning letter") == ["Letters in the mornings win.", "It tires."]
    assert near("Morning letter quiz") == ["Letters in the mornings win.", "It tires.", "Quiz."]
    assert near("Morning letter", problem="with cakes from bakers") == ["Letters in the mornings win."]
    assert near("a to of") == near("") == []
