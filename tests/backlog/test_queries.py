"""Who sees what: the blindness rule, tallies, queues and boards."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from backlog import queries
from backlog.choices import IdeaState
from backlog.models import Ballot, RoundIdea
from backlog.scoring import ScaleSummary, Scores
from backlog.services import merging, rounds
from engagement.accounts.choices import Role
from engagement.accounts.models import Member
from engagement.core.clock import now
from tests.backlog.factories import (
    BallotFactory,
    DisputedFactory,
    IdeaFactory,
    MemberFactory,
    RoundIdeaFactory,
    RoundMemberFactory,
    VotingRoundFactory,
)

pytestmark = pytest.mark.django_db


def invited(place: RoundIdea, **values: object) -> Member:
    return RoundMemberFactory(round=place.round, **{f"member__{name}": value for name, value in values.items()}).member


def close(place: RoundIdea) -> None:
    rounds.close_round(voting_round=place.round, actor=None)


def test_ballots_before_closing_show_only_my_own():
    mine = BallotFactory()
    theirs = BallotFactory(round_idea=mine.round_idea)

    assert set(queries.ballots_visible_to(mine.voter)) == {mine}
    assert Ballot.objects.filter(pk=theirs.pk).exists()


def test_ballots_before_closing_show_an_administrator_nothing():
    ballot = BallotFactory()

    assert set(queries.ballots_visible_to(MemberFactory(role=Role.ADMINISTRATOR))) == set()
    assert Ballot.objects.filter(pk=ballot.pk).exists()


def test_ballots_past_the_closing_time_stay_hidden_until_somebody_closes():
    past = now() - timedelta(days=1)
    ballot = BallotFactory(round_idea__round__opens_at=past - timedelta(days=7), round_idea__round__closes_at=past)

    assert set(queries.ballots_visible_to(MemberFactory())) == set()
    close(ballot.round_idea)
    assert set(queries.ballots_visible_to(MemberFactory())) == {ballot}


def test_ballots_of_a_closed_round_hide_from_those_who_are_to_score_the_idea_again():
    earlier = BallotFactory()
    mine = BallotFactory(round_idea=earlier.round_idea)
    close(earlier.round_idea)
    again = RoundIdeaFactory(idea=earlier.round_idea.idea)
    RoundMemberFactory(round=again.round, member=mine.voter)
    onlooker = MemberFactory()

    assert set(queries.ballots_visible_to(mine.voter)) == set()  # not even their own: they are to score it afresh
    assert set(queries.scores_visible_to(mine.voter)) == set()
    assert queries.tally_visible_to(mine.voter, earlier.round_idea) is None
    assert set(queries.ballots_visible_to(onlooker)) == {earlier, mine}

    BallotFactory(round_idea=again, voter=mine.voter, impact=None, confidence=None, ease=None)
    assert set(queries.scores_visible_to(mine.voter)) == set()  # abstaining on all is no way to peek

    Ballot.objects.filter(round_idea=again).update(ease=4)
    assert {earlier, mine} <= set(queries.ballots_visible_to(mine.voter))
    assert set(queries.scores_visible_to(mine.voter)) == {earlier.round_idea}


def test_what_was_said_of_an_idea_stays_hidden_when_it_becomes_part_of_one_that_is_to_be_scored():
    place = DisputedFactory()
    close(place)
    kept = RoundIdeaFactory(idea__state="in_round")
    voter = RoundMemberFactory(round=kept.round).member
    merging.merge(idea=place.idea, into=kept.idea, actor=place.idea.author)
    onlooker = MemberFactory()

    of_first = [set(queries.ballots_visible_to(one).filter(round_idea=place)) for one in (voter, onlooker)]

    assert of_first == [set(), set(place.ballots.all())]
    assert len(of_first[1]) == 5
    assert [set(queries.scores_visible_to(one)) for one in (voter, onlooker)] == [set(), {place}]
    assert [queries.talks_visible_to(one).count() for one in (voter, onlooker)] == [0, 1]


def test_tally_before_i_have_scored_is_none():
    place = RoundIdeaFactory()
    voter = invited(place)
    BallotFactory.create_batch(4, round_idea=place)

    assert queries.tally_visible_to(voter, place) is None


def test_tally_after_abstaining_on_everything_is_none():
    place = RoundIdeaFactory()
    voter = invited(place)
    BallotFactory(round_idea=place, voter=voter, impact=None, confidence=None, ease=None)
    BallotFactory.create_batch(4, round_idea=place)

    assert queries.tally_visible_to(voter, place) is None


def test_tally_with_fewer_than_three_ballots_gives_no_distribution():
    mine = BallotFactory(impact=3)
    for ballots in (1, 2):
        assert queries.tally_visible_to(mine.voter, mine.round_idea) == queries.Tally(
            ballots=ballots, mine=Scores(3, 5, 5), scales={}
        )
        BallotFactory(round_idea=mine.round_idea)

    tally = queries.tally_visible_to(mine.voter, mine.round_idea)
    assert tally.scales["impact"] == ScaleSummary(Decimal(4), Decimal(5), Decimal(5), (0, 0, 1, 0, 2, 0, 0, 0, 0, 0))


def test_tally_leaves_out_a_scale_that_fewer_than_three_have_scored():
    mine = BallotFactory()
    BallotFactory(round_idea=mine.round_idea, ease=9)
    BallotFactory(round_idea=mine.round_idea, ease=None)
    BallotFactory(round_idea=mine.round_idea, impact=None, confidence=None, ease=None)

    tally = queries.tally_visible_to(mine.voter, mine.round_idea)

    assert (tally.ballots, set(tally.scales)) == (3, {"impact", "confidence"})


def test_tally_for_one_who_abstained_on_a_scale_is_there():
    mine = BallotFactory(ease=None)
    BallotFactory.create_batch(3, round_idea=mine.round_idea)

    tally = queries.tally_visible_to(mine.voter, mine.round_idea)

    assert (tally.mine, set(tally.scales)) == (Scores(5, 5, None), {"impact", "confidence", "ease"})


def test_queue_holds_what_is_left_in_an_order_of_ones_own_that_stays():
    """A1.1: twelve ideas, five scored, seven waiting."""
    voting_round = VotingRoundFactory()
    places = [RoundIdeaFactory(round=voting_round) for _ in range(12)]
    me, other = invited(places[0]), invited(places[0])
    for place in places[:5]:
        BallotFactory(round_idea=place, voter=me)
    RoundIdeaFactory()  # a round she is not invited to

    mine = queries.queue(me, at=now())

    assert set(mine) == set(places[5:])
    assert mine == queries.queue(me, at=now())
    assert [place for place in queries.queue(other, at=now()) if place in mine] != mine


@pytest.mark.parametrize("state", ["closed", "over", "not yet open"])
def test_queue_leaves_out_rounds_that_take_no_ballots(state):
    place = RoundIdeaFactory()
    voter = invited(place)
    assert queries.queue(voter, at=now()) == [place]

    if state == "closed":
        close(place)
    moment = now() + {"closed": timedelta(), "over": timedelta(days=8), "not yet open": timedelta(days=-1)}[state]

    assert queries.queue(voter, at=moment) == []
    assert list(queries.rounds_waiting_for(voter, at=moment)) == []


def test_rounds_count_ideas_members_voters_and_own_ballots():
    voting_round = VotingRoundFactory()
    places = [RoundIdeaFactory(round=voting_round) for _ in range(3)]
    me, colleague, _silent = invited(places[0]), invited(places[0]), invited(places[0])
    for place in places[:2]:
        BallotFactory(round_idea=place, voter=me)
        BallotFactory(round_idea=place, voter=colleague)

    seen = queries.rounds_visible_to(me).get()

    assert (seen.idea_count, seen.member_count, seen.voter_count, seen.own_count) == (3, 3, 2, 2)
    assert seen.is_invited
    assert not queries.rounds_visible_to(MemberFactory()).get().is_invited


def test_board_while_open_has_my_order_and_no_results():
    voting_round = VotingRoundFactory()
    places = [RoundIdeaFactory(round=voting_round) for _ in range(6)]
    me = invited(places[0])
    BallotFactory(round_idea=places[2], voter=me)
    for place in places:
        BallotFactory(round_idea=place)

    rows = queries.board(me, voting_round)

    assert {row.idea for row in rows if row.own} == {places[2].idea}
    assert [row.ballots for row in rows if row.own] == [[row.own for row in rows if row.own]]
    assert [(row.ballots, row.result) for row in rows if not row.own] == [([], None)] * 5
    left = [row.idea for row in rows if not row.own]
    assert left == [place.idea for place in queries.queue(me, at=now())]


def test_board_after_closing_is_sorted_by_score_with_the_unscored_last():
    voting_round = VotingRoundFactory()
    places = [RoundIdeaFactory(round=voting_round) for _ in range(4)]
    for place, score in zip(places, (3, 9, None, 6), strict=True):
        BallotFactory(round_idea=place, impact=score, confidence=score, ease=score)
    close(places[0])

    rows = queries.board(MemberFactory(), voting_round)

    assert [row.idea for row in rows] == [places[index].idea for index in (1, 3, 0, 2)]
    assert [row.result.ice for row in rows] == [Decimal(9), Decimal(6), Decimal(3), None]
    assert [len(row.ballots) for row in rows] == [1, 1, 1, 1]


def test_ideas_carry_their_newest_visible_score():
    idea = IdeaFactory()
    for score in (3, 8):
        place = RoundIdeaFactory(idea=idea)
        BallotFactory(round_idea=place, impact=score, confidence=score, ease=score)
        close(place)
    open_again = RoundIdeaFactory(idea=idea)
    voter = invited(open_again)

    seen = queries.ideas_visible_to(MemberFactory()).get()
    hidden = queries.ideas_visible_to(voter).get()

    assert (seen.ice, [result.ice for result in seen.results]) == (Decimal(8), [Decimal(8), Decimal(3)])
    assert (hidden.ice, hidden.results) == (None, [])


def test_ideas_listed_sort_by_the_newest_visible_score_alone():
    best, other = RoundIdeaFactory(), RoundIdeaFactory()
    for place, score in ((best, 8), (other, 3)):
        BallotFactory(round_idea=place, impact=score, confidence=score, ease=score)
        close(place)
    voter = invited(RoundIdeaFactory(idea=best.idea))
    by_score = F("ice").desc(nulls_last=True)

    seen = queries.ideas_listed_to(MemberFactory()).order_by(by_score)
    hidden = queries.ideas_listed_to(voter).order_by(by_score)

    assert [(idea, [one.ice for one in idea.results]) for idea in seen] == [(best.idea, [8]), (other.idea, [3])]
    assert [(idea, [one.ice for one in idea.results]) for idea in hidden] == [(other.idea, [3]), (best.idea, [])]


def test_ideas_free_for_a_round_are_those_whose_state_allows_it():
    unmerged = [state for state in IdeaState if state != IdeaState.MERGED]
    ideas = {state: IdeaFactory(state=state) for state in unmerged}
    IdeaFactory(state=IdeaState.MERGED, merged_into=ideas[IdeaState.BACKLOG])

    assert set(queries.ideas_free_for_a_round()) == {ideas[IdeaState.BACKLOG], ideas[IdeaState.SCORED]}


@pytest.mark.parametrize("rows", [1, 3])
def test_query_counts_do_not_grow_with_rows(rows, django_assert_num_queries):
    voting_round = VotingRoundFactory()
    places = [RoundIdeaFactory(round=voting_round) for _ in range(rows)]
    me = invited(places[0])
    for place in places:
        BallotFactory(round_idea=place)

    with django_assert_num_queries(2):
        list(queries.ideas_visible_to(me))
    with django_assert_num_queries(1):
        [(str(one), str(one.pod)) for one in queries.rounds_visible_to(me)]
    with django_assert_num_queries(1):
        [(place.round.pod, place.idea.pod) for place in queries.queue(me, at=now())]
    with django_assert_num_queries(3):
        [(row.idea.pod, row.idea.author) for row in queries.board(me, voting_round)]
    with django_assert_num_queries(1):
        [str(ballot) for ballot in queries.ballots_visible_to(me)]
