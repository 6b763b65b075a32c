"""Making one idea of two: what moves, what is dropped, what stays as history."""

from datetime import timedelta

import pytest

from backlog.choices import IdeaState
from backlog.models import Ballot, Evidence, Idea, Post, RoundIdea
from backlog.services import ballots, discussion, ideas, merging, rounds
from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from tests.backlog.factories import (
    BallotFactory,
    EvidenceFactory,
    IdeaFactory,
    RoundIdeaFactory,
    RoundMemberFactory,
    VotingRoundFactory,
)
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair():
    """Two ideas in one open round: the one that goes, and the one that is kept."""
    voting_round = VotingRoundFactory()
    return [
        RoundIdeaFactory(round=voting_round, idea__state="in_round", idea__title=title) for title in ("Goes", "Stays")
    ]


def cast(place, voter, score, *, minutes):
    at = now() - timedelta(minutes=minutes)
    return BallotFactory(round_idea=place, voter=voter, impact=score, cast_at=at)


def kept_ballots(place) -> set[tuple[str, int]]:
    return set(Ballot.objects.filter(round_idea=place).values_list("voter__name", "impact"))


def test_a7_2_in_an_open_round_each_member_keeps_the_newest_ballot_and_the_counts_are_told(pair):
    goes, stays = pair
    first, second, third, fourth = (MemberFactory(name=name) for name in ("Ada", "Ben", "Cleo", "Dan"))
    cast(goes, first, 9, minutes=1)  # newer than on the kept one: it moves and the other is dropped
    cast(stays, first, 2, minutes=5)
    cast(goes, second, 9, minutes=5)  # older: it is dropped
    cast(stays, second, 3, minutes=1)
    cast(goes, third, 8, minutes=3)  # the only one: it moves
    cast(stays, fourth, 4, minutes=3)

    merged = merging.merge(idea=goes.idea, into=stays.idea, actor=goes.idea.author)

    assert (merged.idea, merged.place, merged.moved, merged.dropped) == (stays.idea, stays, 2, 2)
    assert kept_ballots(stays) == {("Ada", 9), ("Ben", 3), ("Cleo", 8), ("Dan", 4)}
    assert Ballot.objects.count() == 4
    assert list(RoundIdea.objects.values_list("idea__title", "ballots_moved", "ballots_dropped")) == [("Stays", 2, 2)]
    goes.idea.refresh_from_db()
    assert (goes.idea.state, goes.idea.merged_into) == (IdeaState.MERGED, stays.idea)


def test_a7_2_an_idea_outside_the_round_is_scored_in_the_others_stead(pair):
    goes, _stays = pair
    outside = IdeaFactory(title="Outside")
    cast(goes, MemberFactory(name="Ada"), 9, minutes=1)

    merged = merging.merge(idea=goes.idea, into=outside, actor=goes.idea.author)

    assert (merged.moved, merged.dropped) == (1, 0)
    place = RoundIdea.objects.get(idea=outside)
    assert (place.round, place.ballots_moved) == (goes.round, 1)
    assert kept_ballots(place) == {("Ada", 9)}
    assert merged.idea.state == IdeaState.IN_ROUND


def test_a7_2_ballots_of_closed_rounds_stay_as_history(pair):
    goes, stays = pair
    BallotFactory(round_idea=goes, impact=9)
    BallotFactory(round_idea=stays, impact=2)
    rounds.close_round(voting_round=goes.round, actor=None)

    merged = merging.merge(idea=goes.idea, into=stays.idea, actor=goes.idea.author)

    assert (merged.place, merged.moved, merged.dropped) == (None, 0, 0)
    assert list(Ballot.objects.values_list("round_idea__idea__title", "impact")) == [("Goes", 9), ("Stays", 2)]
    assert [one.ice for one in RoundIdea.objects.order_by("pk")] == [
        RoundIdea.objects.get(pk=goes.pk).ice,
        RoundIdea.objects.get(pk=stays.pk).ice,
    ]


def test_evidence_discussion_and_earlier_merges_go_along():
    earlier, goes, stays = IdeaFactory(), IdeaFactory(), IdeaFactory()
    merging.merge(idea=earlier, into=goes, actor=earlier.author)
    EvidenceFactory(idea=goes, source="Interviews")
    discussion.say(idea=goes, text="Count whole weeks.", actor=goes.author)

    merging.merge(idea=goes, into=stays, actor=goes.author)

    assert list(Evidence.objects.values_list("idea", "source")) == [(stays.pk, "Interviews")]
    assert list(Post.objects.values_list("idea", "text")) == [(stays.pk, "Count whole weeks.")]
    assert set(Idea.objects.filter(merged_into=stays)) == {earlier, goes}


def test_the_trail_of_both_tells_of_it_and_holds_no_count(pair):
    goes, stays = pair
    BallotFactory(round_idea=goes)

    merging.merge(idea=goes.idea, into=stays.idea, actor=goes.idea.author)

    told = [(one.verb, one.target_label, one.before, one.after) for one in AuditEntry.objects.order_by("pk")]
    assert told == [
        ("merged", "Goes", {"state": "in_round"}, {"state": "merged", "into": "Stays"}),
        ("took in", "Stays", {}, {"idea": "Goes"}),
    ]


def test_what_cannot_be_merged_is_refused_with_its_reason_and_nothing_changes(pair):
    goes, stays = pair
    planned, loose = IdeaFactory(state="planned", title="Planned"), IdeaFactory(title="Loose")
    elsewhere = RoundIdeaFactory(idea__state="in_round", idea__title="Elsewhere").idea
    gone = IdeaFactory(title="Gone")
    merging.merge(idea=gone, into=loose, actor=gone.author)
    before = list(Idea.objects.order_by("pk").values())

    def refusal(idea, into, kind, actor=None):
        with pytest.raises(kind) as caught:
            merging.merge(idea=idea, into=into, actor=actor or idea.author)
        return str(caught.value)

    assert "into itself" in refusal(loose, loose, InvalidInput)
    assert "“Gone” was merged into “Loose” already." in refusal(gone, stays.idea, Conflict)
    assert "“Gone” was merged into “Loose” already." in refusal(stays.idea, gone, Conflict)
    assert "an experiment stands on it" in refusal(planned, loose, Conflict)
    assert "in different rounds" in refusal(goes.idea, elsewhere, Conflict)
    assert "Close the round first." in refusal(goes.idea, planned, Conflict)
    assert "Only its author" in refusal(goes.idea, stays.idea, Forbidden, actor=MemberFactory())
    assert list(Idea.objects.order_by("pk").values()) == before


def test_a_ballot_for_the_merged_idea_is_led_to_the_kept_one(pair):
    goes, stays = pair
    voter = RoundMemberFactory(round=goes.round).member
    merging.merge(idea=goes.idea, into=stays.idea, actor=goes.idea.author)

    with pytest.raises(Conflict, match="was merged into “Stays” meanwhile"):
        ballots.cast(voting_round=goes.round, idea=goes.idea, voter=voter, impact=1, confidence=1, ease=1)


def test_a_merged_idea_takes_no_change():
    goes, stays = IdeaFactory(), IdeaFactory(title="Stays")
    merging.merge(idea=goes, into=stays, actor=goes.author)

    with pytest.raises(Conflict, match="merged into “Stays”"):
        ideas.change(idea=goes, actor=goes.author, title="Another")
