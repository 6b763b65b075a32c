"""A pod's page: each warning sign where it belongs, none where work goes well, and nobody ranked."""

import re
from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from engagement.core.clock import now
from experiments.models import Decision, Experiment, Milestone, Readout
from tests.backlog.factories import BallotFactory, IdeaFactory, RoundIdeaFactory, RoundMemberFactory, VotingRoundFactory
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
TODAY = localdate()


@pytest.fixture
def me():
    return MemberFactory(name="Anna Berg")


@pytest.fixture
def pod(me):
    return PodFactory(name="Reader loyalty", slug="loyalty", members=[me, MemberFactory(name="Ben Ude")])


@pytest.fixture
def client(client, me):
    client.force_login(me)
    return client


def experiment(pod, key, **columns) -> Experiment:
    return Experiment.objects.create(key=key, name=f"Experiment {key}", pod=pod, **columns)


def milestone(of, owner, *, days=5, step="plan", **columns) -> Milestone:
    return Milestone.objects.create(experiment=of, owner=owner, step=step, due=TODAY + timedelta(days=days), **columns)


def signs(client) -> dict[str, list[str]]:
    """What each sign shown is about, by its kind."""
    state = client.get("/pods/loyalty/").context["state"]
    return {sign.kind: [words for words, _ in sign.links] for sign in state.signs}


def test_a_pod_whose_work_goes_on_shows_no_sign_and_what_is_under_way(client, pod, me):
    milestone(experiment(pod, "a"), me)
    opened = VotingRoundFactory(pod=pod, name="Round 15")
    experiment(PodFactory(), "elsewhere")

    answer = client.get("/pods/loyalty/")

    assert answer.context["state"].signs == []
    text = answer.content.decode()
    assert "Nothing frays" in text
    assert re.findall(r'<li><a href="([^"]+)"><span><b>', text) == [f"/rounds/{opened.pk}/", "/experiments/a/"]
    assert "/experiments/elsewhere/" not in text


def test_a_slipped_milestone_is_a_sign_until_it_is_done(client, pod, me):
    late = milestone(experiment(pod, "a"), me, days=-1)
    milestone(experiment(PodFactory(), "elsewhere"), me, days=-1)

    before = signs(client)
    late.done_at, late.done_by = now(), me
    late.save()
    milestone(late.experiment, me, step="launch")

    assert list(before) == ["milestones"]
    assert before["milestones"][0].startswith("The plan is settled, due on ")
    assert before["milestones"][0].endswith(": Experiment a")
    assert signs(client) == {}


def test_what_nobody_has_the_next_step_of_is_a_sign(client, pod, me):
    milestone(experiment(pod, "unowned"), None)
    milestone(experiment(pod, "owned"), me)
    old, fresh = now() - timedelta(days=8), now() - timedelta(days=6)
    experiment(pod, "undecided", state="ended", ends=old)
    experiment(pod, "just-ended", state="ended", ends=fresh)
    for key, days in (("unclosed", 15), ("just-decided", 13)):
        of = experiment(pod, key, state="decided")
        readout = Readout.objects.create(experiment=of, as_of=now(), document={})
        decided_at = now() - timedelta(days=days)
        Decision.objects.create(experiment=of, readout=readout, kind="stop", reason="So.", decided_at=decided_at)

    assert {kind: set(about) for kind, about in signs(client).items()} == {
        "next_step": {
            "Experiment unowned (Draft)",
            "Experiment undecided (Ended)",
            "Experiment unclosed (Decided)",
        }
    }


def test_scored_ideas_with_nothing_under_way_are_a_sign(client, pod, me):
    IdeaFactory(pod=pod, state="scored")

    before = signs(client)
    VotingRoundFactory(pod=pod)

    assert before == {"next_step": ["The pod’s scored ideas"]}
    assert signs(client) == {}


def closed_round(pod, members, voters, *, days_ago) -> None:
    moment = now() - timedelta(days=days_ago)
    found = VotingRoundFactory(
        pod=pod, name=f"{days_ago} days ago", state="closed", opens_at=moment - timedelta(days=3),
        closes_at=moment, closed_at=moment,
    )  # fmt: skip
    place = RoundIdeaFactory(round=found)
    for number in range(members):
        member = RoundMemberFactory(round=found).member
        if number < voters:
            BallotFactory(round_idea=place, voter=member)


@pytest.mark.parametrize(
    ("voters", "is_shown"),
    [
        ((5, 4, 3), True),
        ((2, 5, 4, 3), True),
        ((5, 3, 4), False),
        ((3, 4, 5), False),
        ((5, 4), False),
        ((4, 4, 3), False),
    ],
)
def test_turnout_that_falls_from_round_to_round_is_a_sign_in_plain_numbers(client, pod, voters, is_shown):
    for number, count in enumerate(voters):
        closed_round(pod, 6, count, days_ago=10 * (len(voters) - number))

    shown = {"turnout": ["10 days ago: 3 of 6", "20 days ago: 4 of 6", "30 days ago: 5 of 6"]}
    assert signs(client) == (shown if is_shown else {})


def test_an_over_loaded_member_is_told_and_nobody_else_learns_who_it_is(client, pod, me):
    other_pod = PodFactory()
    for number in range(6):
        milestone(experiment(other_pod, f"e{number}"), me, days=13)
    colleague = pod.members.get(name="Ben Ude")

    mine = client.get("/pods/loyalty/").content.decode().split("<main")[1]
    client.force_login(colleague)
    theirs = client.get("/pods/loyalty/").content.decode().split("<main")[1]

    assert "It is you, which only you are told." in mine
    assert "A member holds more open milestones or roles than there is room for." in theirs
    assert "It is you" not in theirs
    assert "Anna Berg" not in re.search(r'<li id="sign-over_load">.*?</li>', theirs, re.DOTALL)[0]
    Milestone.objects.filter(experiment__key="e0").update(due=TODAY + timedelta(days=14))
    assert signs(client) == {}


def test_roles_in_more_than_three_experiments_under_way_are_a_load(client, pod, me):
    for number in range(4):
        experiment(PodFactory(), f"e{number}", state="running", launch_owner=me, strategy_owner=me)

    before = signs(client)
    Experiment.objects.filter(key="e0").update(state="closed")

    assert before == {"over_load": []}
    assert signs(client) == {}


def test_home_and_settings_lead_to_the_pod(client, pod):
    pages = [client.get(path).content.decode().split("<main")[1] for path in ("/", "/settings/people/")]

    assert ['href="/pods/loyalty/"' in text for text in pages] == [True, True]
    assert client.get("/pods/none-such/").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_does_not_grow_with_rows(client, pod, me, rows, django_assert_max_num_queries):
    for number in range(rows):
        milestone(experiment(pod, f"e{number}"), me, days=-1)
        closed_round(pod, 2, 1, days_ago=number + 1)

    with django_assert_max_num_queries(12):
        client.get("/pods/loyalty/")
