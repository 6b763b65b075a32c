"""The list of experiments, and the parts of it on other pages."""

import re

import pytest

from experiments.models import Experiment
from experiments.services import decisions
from tests.backlog.factories import IdeaFactory
from tests.experiments.builders import imported, planned
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MemberFactory()


@pytest.fixture
def client(client, member):
    client.force_login(member)
    return client


def listed(client, query: str = "") -> list[str]:
    return [experiment.key for experiment, _effect in client.get(f"/experiments/{query}").context["rows"]]


def test_each_row_shows_the_primary_effect_of_the_readout_that_counts(client, tmp_path):
    won, waiting = imported(tmp_path, key="won"), planned(key="waiting")
    decisions.decide(
        experiment=won, kind="ship", variant=won.variants.get(position=1), reason="r", learning="l", actor=None
    )

    rows = {experiment.key: effect for experiment, effect in client.get("/experiments/").context["rows"]}

    found = won.readouts.first().document["metrics"][0]["comparisons"][0]
    effect = rows[won.key]
    assert (effect.variant, effect.verdict, effect.customers) == ("mail", "better", 400)
    assert (effect.lift, effect.lift_low) == (found["lift"]["estimate"], found["decision"]["lift"]["low"])
    assert rows[waiting.key] is None


def test_filters_live_in_the_address(client, tmp_path):
    planned(key="thanks", name="A word of thanks", pod=PodFactory(name="Reader loyalty"))
    planned(key="noon", name="Noon letter", hypothesis={"because": "readers are asleep"})
    imported(tmp_path, key="over")

    assert listed(client) == ["over", "noon", "thanks"]
    assert listed(client, "?state=ended") == ["over"]
    assert listed(client, "?q=loyalty+thanks") == ["thanks"]
    assert listed(client, "?q=ASLEEP") == ["noon"]
    assert listed(client, "?q=noon&state=ended") == []
    assert listed(client, "?state=nonsense") == ["over", "noon", "thanks"]


def test_the_filter_survives_turning_the_page(client):
    for number in range(27):
        planned(key=f"noon-{number}")
    planned(key="other", name="Evening")

    first = client.get("/experiments/?q=noon")

    assert len(first.context["rows"]) == 25
    assert 'href="?q=noon&amp;page=2"' in first.content.decode()
    assert len(listed(client, "?q=noon&page=2")) == 2


def test_an_empty_list_says_what_to_do_and_a_filter_without_a_match_names_itself(client):
    assert "No experiments yet" in client.get("/experiments/").content.decode()
    planned()
    page = client.get("/experiments/?q=%3Cb%3E").content.decode()
    assert "No experiment fits" in page
    assert "“&lt;b&gt;”" in page


def test_the_list_takes_the_same_queries_for_one_row_and_for_three(client, tmp_path, django_assert_max_num_queries):
    imported(tmp_path, key="one")
    with django_assert_max_num_queries(12) as one:
        client.get("/experiments/")
    for key in ("two", "three"):
        imported(tmp_path, key=key)

    with django_assert_max_num_queries(12) as three:
        assert len(client.get("/experiments/").context["rows"]) == 3
    assert len(three) == len(one)


def test_a_reader_sees_the_list_without_its_actions(client, member, tmp_path):
    planned()
    member.role = "reader"
    member.save()

    page = client.get("/experiments/").content.decode()

    assert "A planned one" in page
    assert "New experiment" not in page
    assert "Import results" not in page


def test_signed_out_every_address_leads_to_the_door(client, tmp_path):
    key = imported(tmp_path).key
    client.logout()
    addresses = [
        "/experiments/", "/experiments/new/", "/experiments/import/", f"/experiments/{key}/", "/experiments/of-home/",
        f"/experiments/{key}/results/", f"/experiments/{key}/plan/", f"/experiments/{key}/results.csv",
    ]  # fmt: skip

    for address in addresses:
        answer = client.get(address)
        assert (answer.status_code, answer["Location"][:17]) == (302, "/accounts/login/?"), address


def test_an_ideas_page_gets_the_experiments_made_from_it(client, tmp_path):
    idea = IdeaFactory()
    mine, other = planned(key="mine", idea=idea), planned(key="other")

    part = client.get(f"/experiments/of-idea/{idea.pk}/").content.decode()

    assert f"/experiments/{mine.key}/" in part
    assert f"/experiments/{other.key}/" not in part
    assert client.get(f"/experiments/of-idea/{IdeaFactory().pk}/").content.strip() == b""


def test_the_home_page_gets_what_is_under_way_and_first_what_waits_for_a_decision(client, tmp_path):
    planned(key="draft")
    running = planned(key="running")
    Experiment.objects.filter(pk=running.pk).update(state="running")
    ended = imported(tmp_path, key="ended")

    part = client.get("/experiments/of-home/").content.decode()

    assert part.index(f"/experiments/{ended.key}/") < part.index("/experiments/running/")
    comparison = ended.readouts.get().document["metrics"][0]["comparisons"][0]
    ends = [100 * comparison["decision"][end] for end in ("low", "high")]
    written = f"{100 * comparison['absolute']['estimate']:+.1f}\xa0pp", f"{ends[0]:+.1f} to {ends[1]:+.1f}"
    assert re.findall(r'class="estimate"><b>([^<]+)</b> <span>([^<]+)<', part) == [written]
    assert "/experiments/draft/" not in part
