"""Closing without quorum is refused; a second member's waiver, a day more, and what a close leaves behind."""

import csv
import io
import re
from datetime import timedelta
from statistics import median

import numpy as np
import pytest

from backlog.models import RoundIdea, VotingRound
from backlog.services import rounds
from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from experiments import stats
from tests.backlog.factories import BallotFactory, RoundIdeaFactory, RoundMemberFactory, VotingRoundFactory
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
DISCIPLINES = ("marketing", "product", "data", "editorial", "design", "data")


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def members():
    return [MemberFactory(name=f"M{n}", discipline=one) for n, one in enumerate(DISCIPLINES)]


@pytest.fixture
def voting_round(members) -> VotingRound:
    pod = PodFactory()
    pod.members.set(members)
    made = VotingRoundFactory(pod=pod, opened_by=members[0], quorum_share=0.5, quorum_disciplines=2)
    for member in members:
        RoundMemberFactory(round=made, member=member)
    return made


def vote(place, members, scores, *, comments=()) -> None:
    for number, (member, score) in enumerate(zip(members, scores, strict=False)):
        comment = comments[number] if number < len(comments) else ""
        BallotFactory(round_idea=place, voter=member, impact=score, confidence=5, ease=5, comment=comment)


def test_a5_1_without_quorum_a_round_is_closed_only_after_a_second_members_waiver(voting_round, members):
    place = RoundIdeaFactory(round=voting_round, idea__state="in_round")
    vote(place, members[:1], [7])

    with pytest.raises(Conflict, match="2 more members and 1 more discipline must vote"):
        rounds.close_round(voting_round=voting_round, actor=members[0])
    with pytest.raises(InvalidInput, match="Say why"):
        rounds.waive_quorum(voting_round=voting_round, reason=" ", actor=members[0])
    with pytest.raises(Forbidden):
        rounds.waive_quorum(voting_round=voting_round, reason="So.", actor=MemberFactory())
    rounds.waive_quorum(voting_round=voting_round, reason="Half the pod is ill.", actor=members[0])
    with pytest.raises(Conflict, match="somebody else closes"):
        rounds.close_round(voting_round=voting_round, actor=members[0])
    closed = rounds.close_round(voting_round=voting_round, actor=members[1])

    assert (closed.waived_by, closed.waiver) == (members[0], "Half the pod is ill.")
    [entry] = AuditEntry.objects.filter(verb="waived quorum")
    assert (entry.actor, entry.reason) == (members[0], "Half the pod is ill.")
    with pytest.raises(Conflict, match="nothing to waive"):
        rounds.waive_quorum(voting_round=closed, reason="Again.", actor=members[2])


def test_with_quorum_nobody_waives_anything(voting_round, members):
    place = RoundIdeaFactory(round=voting_round, idea__state="in_round")
    vote(place, members[:3], [7, 5, 6])

    with pytest.raises(Conflict, match="nothing to waive"):
        rounds.waive_quorum(voting_round=voting_round, reason="So.", actor=members[0])

    assert rounds.close_round(voting_round=voting_round, actor=members[0]).is_closed


def test_one_more_day_begins_now_where_the_time_is_over(voting_round, members):
    late = voting_round.closes_at + timedelta(hours=5)

    extended = rounds.extend(voting_round=voting_round, actor=members[0], at=late)
    again = rounds.extend(voting_round=voting_round, actor=members[0], at=now())

    assert extended.closes_at == late + timedelta(days=1)
    assert again.closes_at == late + timedelta(days=2)
    with pytest.raises(Forbidden):
        rounds.extend(voting_round=voting_round, actor=MemberFactory())


@pytest.fixture
def closed(voting_round, members) -> VotingRound:
    scores = [(9, 8, 9, 8, 9, 8), (9, 8, 2, 3, 8, 2), (2, 1, 2, 1, 2, 1)]
    for number, given in enumerate(scores):
        place = RoundIdeaFactory(round=voting_round, idea__state="in_round", idea__title=f"Idea {number}")
        vote(place, members, given, comments=("It works.", "", "Nobody asked.") if number == 1 else ())
    return rounds.close_round(voting_round=voting_round, actor=members[0])


def test_a4_2_ideas_whose_ranks_cannot_be_told_apart_share_a_tier(closed, members):
    places = list(RoundIdea.objects.filter(round=closed).order_by("pk"))
    cast = np.array([
        [[b.impact, b.confidence, b.ease] for b in place.ballots.order_by("voter")] for place in places
    ], dtype=float).swapaxes(0, 1)  # fmt: skip

    expected = stats.rank_tiers(cast, rng=np.random.default_rng(closed.pk))

    assert [place.tier for place in places] == expected.tier.tolist()
    assert [place.rank for place in places] == expected.rank.tolist()
    assert [(p.rank_low, p.rank_high) for p in places] == list(zip(expected.low, expected.high, strict=True))
    assert places[0].tier < places[2].tier


def test_the_reveal_shows_tiers_and_both_ends_of_what_is_disputed(client, closed, members):
    client.force_login(members[0])

    page = text_of(client.get(f"/rounds/{closed.pk}/"))

    assert "Quorum met." in page
    assert page.index("Most disputed") < page.index("All ideas by tier") < page.index("Ideas by score")
    assert "Spread 5.75 on impact" in page
    assert "Medians, impact: Marketing 9 · Product 8 · Data 2 · Editorial 3 · Design 8" in page
    assert ("It works." in page, "Nobody asked." in page) == (True, True)
    assert "disputed=impact" in page
    assert "Strong agreement" in page


def test_a6_3_settling_it_by_experiment_prefills_the_disputed_scale(client, closed, members):
    client.force_login(members[0])
    idea = closed.ideas.get(title="Idea 1")

    page = text_of(client.get(f"/experiments/new/?idea={idea.pk}&disputed=impact"))

    assert "the pod is split on its impact, and only customers can say" in page
    assert "split on" not in text_of(client.get(f"/experiments/new/?idea={idea.pk}&disputed=mood"))


def test_a5_3_the_export_gives_the_same_scores(client, closed, members):
    client.force_login(members[0])

    rows = list(csv.DictReader(io.StringIO(client.get(f"/rounds/{closed.pk}/ballots.csv").content.decode())))

    for place in RoundIdea.objects.filter(round=closed):
        own = [row for row in rows if row["idea"] == str(place.idea_id)]
        medians = [median(int(row[scale]) for row in own) for scale in ("impact", "confidence", "ease")]
        assert f"{sum(medians) / 3:.1f}" == f"{place.ice}"


def test_while_a_round_is_open_the_export_holds_ones_own_ballots_alone(client, voting_round, members):
    place = RoundIdeaFactory(round=voting_round, idea__state="in_round")
    vote(place, members[:2], [7, 3], comments=("=mine", "MARKER-77"))
    client.force_login(members[0])

    text = client.get(f"/rounds/{voting_round.pk}/ballots.csv").content.decode()

    assert ",'=mine," in text  # no spreadsheet takes it for a formula
    assert "MARKER-77" not in text
    assert place.ballots.count() == 2


def test_the_page_offers_a_day_more_or_a_waiver_and_takes_both(client, voting_round, members):
    RoundIdeaFactory(round=voting_round, idea__state="in_round")
    client.force_login(members[0])
    address = f"/rounds/{voting_round.pk}/"
    before = voting_round.closes_at

    page = text_of(client.get(address))
    client.post(f"{address}extend/")
    client.post(f"{address}waive/", {"reason": "Holidays."})
    client.post(f"{address}close/")
    still_open = VotingRound.objects.get(pk=voting_round.pk)
    client.force_login(members[1])
    client.post(f"{address}close/")

    assert "The quorum is 3 members of 2 disciplines; 0 of 0 have voted." in page
    assert (still_open.is_closed, still_open.closes_at) == (False, before + timedelta(days=1))
    assert VotingRound.objects.get(pk=voting_round.pk).is_closed
    assert "Without quorum, waived by M0: Holidays." in text_of(client.get(address))
