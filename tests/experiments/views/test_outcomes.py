"""What became of ideas a member scored: on its page and at home, for that member alone."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from backlog.models import RoundIdea, VotingRound
from engagement.core.clock import now
from experiments.models import Experiment, Retro
from experiments.reports.outcomes import own_calibration, pod_calibration
from tests.backlog.factories import BallotFactory, IdeaFactory, RoundIdeaFactory, RoundMemberFactory, VotingRoundFactory
from tests.experiments.outcomes import decide, documents, scored
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
PAGE, HOME = "/me/outcomes/", "/me/outcomes/of-home/"


@pytest.fixture
def me():
    return MemberFactory(name="Anna")


@pytest.fixture
def client(client, me):
    client.force_login(me)
    return client


@pytest.fixture
def readouts(tmp_path):
    return documents(tmp_path)


def told(text: str) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a8_an_outcome_stands_beside_my_forecast_and_the_pods(client, me, readouts):
    at = now()
    mine = scored(me, "Thank them", at, confidence=7, expected_lift=Decimal("0.03"))
    for lift in ("0.01", "0.02"):
        BallotFactory(round_idea=mine.round_idea, expected_lift=Decimal(lift))
    decision = decide(mine.round_idea.idea, readouts["better"], at)
    Retro.objects.create(experiment=decision.experiment, why="So.", learning="Thanks work.", written_by=me)

    text = told(client.get(PAGE).content.decode())

    assert "Thank them In the backlog +3% +2% median of 3 +80% +43 to +127%" in text
    assert "Better Stop without decision" in text
    assert f'href="/experiments/{decision.experiment.key}/retro/"' in client.get(PAGE).content.decode()


def test_a1_home_remembers_what_i_expected(client, me, readouts):
    at = now()
    first = scored(me, "Thank them", at, confidence=7, expected_lift=Decimal("0.03"))
    second = scored(me, "Ask them", at, confidence=4, expected_lift=None)
    decide(first.round_idea.idea, readouts["better"], at - timedelta(hours=1))
    decide(second.round_idea.idea, readouts["invalid"], at)

    text = told(client.get(HOME).content.decode())

    assert "You expected +3%; it did +80% (+43 to +127%)." in text
    assert "Your confidence rating was 4; no effect is given: sample ratio failed." in text
    assert text.index("Ask them") < text.index("Thank them")
    home = client.get("/").content.decode()
    assert f'hx-get="{HOME}"' in home
    assert f'<a href="{PAGE}">' in home


def test_an_invalid_one_says_why_no_effect_is_given(client, me, readouts):
    at = now()
    decide(scored(me, "Ask them", at, expected_lift=Decimal("0.1")).round_idea.idea, readouts["invalid"], at)

    assert "+10% +10% 1 forecast no effect is given: sample ratio failed Invalid" in told(
        client.get(PAGE).content.decode()
    )


def test_a_ballot_after_the_decision_is_no_forecast(client, me, readouts):
    at = now()
    ballot = scored(me, "Thank them", at - timedelta(days=60), confidence=9, expected_lift=Decimal("0.5"))
    decide(ballot.round_idea.idea, readouts["better"], at - timedelta(days=91))

    assert "Thank them In the backlog – – +80%" in told(client.get(PAGE).content.decode())
    assert "None decided yet." in told(client.get(HOME).content.decode())
    assert own_calibration(me).count == 0


def test_a_ballot_for_an_idea_merged_into_another_counts_for_that_one(client, me, readouts):
    at = now()
    kept = IdeaFactory(title="The kept one")
    ballot = scored(me, "The merged one", at, expected_lift=Decimal("0.04"))
    type(kept).objects.filter(pk=ballot.round_idea.idea_id).update(state="merged", merged_into=kept)
    decide(kept, readouts["worse"], at)

    text = told(client.get(PAGE).content.decode())

    assert "The kept one In the backlog +4%" in text
    assert "The merged one" not in text


def test_forecasts_stay_hidden_my_own_too_while_i_am_to_score_the_idea_again(client, me, readouts):
    at = now()
    mine = scored(me, "Thank them", at, expected_lift=Decimal("0.03"))
    BallotFactory(round_idea=mine.round_idea, expected_lift=Decimal("0.07"))
    decide(mine.round_idea.idea, readouts["better"], at)
    again = RoundIdeaFactory(round=VotingRoundFactory(), idea=mine.round_idea.idea)
    assert "+3% +5% median of 2" in told(client.get(PAGE).content.decode())

    RoundMemberFactory(round=again.round, member=me)

    assert "Thank them In the backlog – – +80%" in told(client.get(PAGE).content.decode())
    assert "Thank them It did +80% (+43 to +127%)." in told(client.get(HOME).content.decode())
    assert own_calibration(me).count == 0


def test_before_anything_is_decided_the_page_says_when_the_next_one_ends(client, me):
    at = now()
    assert "None decided yet" in told(client.get(PAGE).content.decode())
    assert "No experiment on an idea you scored has an end yet." in told(client.get(PAGE).content.decode())
    ballot = scored(me, "Thank them", at)
    Experiment.objects.create(
        key="live", name="L", idea=ballot.round_idea.idea, state="running", ends=at + timedelta(days=9)
    )
    Experiment.objects.create(key="other", name="O", idea=IdeaFactory(), state="running", ends=at + timedelta(days=1))

    text = told(client.get(PAGE).content.decode())

    assert f"ends on {at + timedelta(days=9):%-d %B %Y}" in text
    assert "Thank them In the backlog not decided yet" in text


def rated(me, readouts, rating: int, verdicts: list[str]) -> None:
    for verdict in verdicts:
        at = now()
        decide(scored(me, f"Idea {rating}", at, confidence=rating).round_idea.idea, readouts[verdict], at)


def test_a8_2_calibration_is_told_from_ten_outcomes_on_with_its_count_and_range(client, me, readouts):
    rated(me, readouts, 7, ["better"] * 5 + ["worse"] * 3)
    rated(me, readouts, 3, ["worse"])
    rated(me, readouts, 9, ["invalid"])
    assert own_calibration(me).is_told is False
    assert "9 of 10 outcomes are there." in told(client.get(PAGE).content.decode())

    rated(me, readouts, 9, ["better"])

    # Wilson's interval of 5 in 8 by hand: (5 + 1.92) / (8 + 3.84) ± 1.96 / 11.84 · √(5·3/8 + 0.96) = 0.584 ± 0.279
    assert own_calibration(me).sentence == "When you say 7, it works 6 times in 10 (of 8; the data allow 3 to 9 in 10)."
    parts = {(part["from"], part["to"]): (part["worked"], part["count"]) for part in own_calibration(me).bins}
    assert parts == {(1, 3): (0, 1), (4, 6): (0, 0), (7, 8): (5, 8), (9, 10): (1, 1)}


def test_a8_2_nobody_else_sees_my_calibration_in_no_page_and_no_export(client, me, readouts):
    rated(me, readouts, 7, ["better"] * 6 + ["worse"] * 4)
    sentence = own_calibration(me).sentence
    assert sentence in told(client.get(PAGE).content.decode())
    administrator = MemberFactory(administrator=True)
    voting_round = me.ballots.first().round_idea.round_id
    doors = [
        PAGE, HOME, "/", f"/me/outcomes/?member={me.pk}", "/settings/people/", f"/settings/people/{me.pk}/",
        "/ideas.csv", reverse("round_csv", args=[voting_round]), "/api/v1/ballots/", "/api/v1/ideas/",
        "/api/v1/experiments/", "/settings/audit/", f"/admin/accounts/member/{me.pk}/change/", "/reports/",
    ]  # fmt: skip

    for member in (administrator, MemberFactory(), MemberFactory(reader=True)):
        client.force_login(member)
        for door in doors:
            answer = told(client.get(door).content.decode())
            assert "When you say" not in answer, door
            assert "it works" not in answer, door
        assert own_calibration(member).count == 0


def test_the_pods_calibration_is_told_to_all_by_the_medians_of_its_rounds(client, me, readouts):
    rated(me, readouts, 7, ["better"] * 6 + ["worse"] * 3 + ["invalid"])
    pod, elsewhere = PodFactory(slug="loyalty"), PodFactory()
    VotingRound.objects.update(pod=pod)
    RoundIdea.objects.update(confidence_median=7)
    page = lambda: told(client.get("/pods/loyalty/").content.decode())  # noqa: E731
    client.force_login(MemberFactory(reader=True))
    assert "9 of 10 outcomes are there." in page()

    rated(me, readouts, 9, ["worse"])
    VotingRound.objects.update(pod=pod)
    RoundIdea.objects.filter(confidence_median=None).update(confidence_median=9)

    assert "7–8 6 of 9" in page()
    assert "9–10 0 of 1" in page()
    found = pod_calibration(pod, viewer=me)
    assert (found.count, pod_calibration(elsewhere, viewer=me).count) == (10, 0)


def test_what_a_member_is_to_score_again_counts_in_no_calibration_of_a_pod_for_them(me, readouts):
    rated(me, readouts, 7, ["better", "worse"])
    RoundIdea.objects.update(confidence_median=7)
    place = RoundIdea.objects.first()
    pod = place.round.pod
    VotingRound.objects.update(pod=pod)
    again = RoundMemberFactory(round=RoundIdeaFactory(idea=place.idea).round).member

    assert pod_calibration(pod, viewer=me).count - pod_calibration(pod, viewer=again).count == 1


def test_the_list_takes_the_same_queries_for_one_row_and_for_three(client, me, readouts, django_assert_max_num_queries):
    counts = []
    for number in (1, 2):
        for _one in range(number):
            rated(me, readouts, 5, ["better"])
        with django_assert_max_num_queries(12) as made:
            client.get(PAGE)
        counts.append(len(made))

    assert counts[0] == counts[1]
