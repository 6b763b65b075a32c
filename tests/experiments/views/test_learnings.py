"""What was learned, and finding it again."""

import pytest

from experiments.models import Experiment
from experiments.services import decisions
from tests.backlog.factories import IdeaFactory
from tests.experiments.builders import imported
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client):
    client.force_login(MemberFactory())
    return client


def learned(tmp_path, key: str, learning: str) -> None:
    experiment = imported(tmp_path, key=key)
    decisions.decide(experiment=experiment, kind="stop", reason="Because.", learning=learning, actor=None)


def listed(client, query: str = "") -> list[str]:
    return [learning.sentence for learning, _, _ in client.get(f"/learnings/{query}").context["rows"]]


def test_learnings_are_found_by_their_words_their_experiment_and_its_metrics(client, tmp_path):
    learned(tmp_path, "noon", "Noon beats morning.")
    learned(tmp_path, "thanks", "Thanks bring people back.")
    imported(tmp_path, key="open")

    assert listed(client) == ["Thanks bring people back.", "Noon beats morning."]
    assert listed(client, "?q=PEOPLE") == ["Thanks bring people back."]
    assert listed(client, "?q=noon") == ["Noon beats morning."]
    assert listed(client, "?q=spend+thanks") == ["Thanks bring people back."]
    assert listed(client, "?q=nothing") == []
    assert "No learning fits" in client.get("/learnings/?q=nothing").content.decode()


def test_filters_live_in_the_address_and_what_nobody_knows_filters_nothing(client, tmp_path):
    learned(tmp_path, "noon", "Noon beats morning.")

    assert listed(client, "?metric=spend&state=&channel=") == ["Noon beats morning."]
    assert listed(client, "?channel=push") == []
    assert listed(client, "?metric=unheard&state=lost&channel=carrier-pigeon&lever=x&stage=x") == [
        "Noon beats morning."
    ]
    page = client.get("/learnings/?metric=spend&channel=push").content.decode()
    assert '<option value="spend" selected>spend</option>' in page
    assert '<option value="push" selected>Push</option>' in page


def test_a_filter_is_offered_once_there_is_something_to_choose(client, tmp_path):
    learned(tmp_path, "noon", "Noon beats morning.")
    assert list(client.get("/learnings/").context["form"].fields) == ["q", "metric", "channel", "lever", "stage"]

    Experiment.objects.update(idea=IdeaFactory(customer_state="low"))

    form = client.get("/learnings/").context["form"]
    assert form.fields["state"].choices == [("", "Any state"), ("low", "Low")]
    assert listed(client, "?state=low") == ["Noon beats morning."]


def test_before_the_first_decision_the_page_says_so(client):
    assert "Nothing learned yet" in client.get("/learnings/").content.decode()


def test_the_list_takes_the_same_queries_for_one_row_and_for_three(client, tmp_path, django_assert_max_num_queries):
    counts = []
    for keys in (("one",), ("two", "three")):
        for key in keys:
            learned(tmp_path, key, f"Learning {key}.")
        with django_assert_max_num_queries(12) as made:
            listed(client)
        counts.append(len(made))

    assert counts[0] == counts[1]


def test_what_is_like_an_idea_is_shown_beside_its_form(client, tmp_path):
    learned(tmp_path, "thanks", "Thanking readers brings them back.")
    learned(tmp_path, "noon", "Noon beats morning.")
    typed = {"title": "Thank our reader again", "problem": "They leave."}

    fragment = client.get("/learnings/tried/", typed, headers={"HX-Request": "true"})
    page = client.get("/learnings/tried/", typed)

    assert [learning.sentence for learning, _, _ in fragment.context["rows"]] == ["Thanking readers brings them back."]
    assert "<html" not in fragment.content.decode()
    assert "Thanking readers brings them back." in page.content.decode()
    assert 'value="Thank our reader again"' in page.content.decode()


@pytest.mark.parametrize("typed", ["A zeppelin over town", "is it so", "", '" OR told : "', "x" * 100_000])
def test_what_is_like_nothing_says_so(client, tmp_path, typed):
    learned(tmp_path, "noon", "Noon beats morning.")

    page = client.get("/learnings/tried/", {"title": typed})

    assert page.status_code == 200
    assert page.context["rows"] == []
    assert ("Nothing like it has been tried" in page.content.decode()) == bool(typed)


def test_the_form_of_an_idea_leads_there_without_script_too(client):
    text = client.post("/ideas/new/", {"title": "Tea & cake", "problem": ""}).content.decode()

    assert '<a href="/learnings/tried/?title=Tea%20%26%20cake&amp;problem=">Has this been tried?</a>' in text
