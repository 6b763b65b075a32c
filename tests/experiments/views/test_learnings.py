"""What was learned, and finding it again."""

import pytest

from experiments.services import decisions
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
    return [experiment.decision.learning for experiment, _, _ in client.get(f"/learnings/{query}").context["rows"]]


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
