"""Races on a real database, run inside an installation: threads that all start at the same moment."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connection

from backlog.models import Ballot, Idea, RoundIdea, Talk, VotingRound
from backlog.services import ballots, merging, rounds, talks
from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from engagement.core.errors import DomainError
from engagement.core.models import Job
from tests.backlog.factories import DisputedFactory, RoundIdeaFactory, RoundMemberFactory

Verb = Callable[[], object]


def together(verbs: Iterable[Verb]) -> list[str]:
    """How each verb ended, all of them begun at once: "done", or the name of the refusal."""
    waiting = list(verbs)
    start = Barrier(len(waiting))

    def run(verb: Verb) -> str:
        start.wait()
        try:
            verb()
        except DomainError as error:
            return type(error).__name__
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return sorted(pool.map(run, waiting))


def cast(place: RoundIdea, voter: object, score: int) -> Verb:
    scores = dict.fromkeys(("impact", "confidence", "ease"), score)
    return lambda: ballots.cast(voting_round=place.round, idea=place.idea, voter=voter, **scores)


def one_voter_eight_times() -> dict[str, object]:
    place = RoundIdeaFactory()
    voter = RoundMemberFactory(round=place.round).member
    ended = together(cast(place, voter, score) for score in range(1, 9))
    return {"ended": ended, "ballots": Ballot.objects.filter(round_idea=place, voter=voter).count()}


def four_moderators() -> dict[str, object]:
    place = RoundIdeaFactory(idea__state="in_round")
    opener = place.round.opened_by
    ended = together([lambda: rounds.close_round(voting_round=place.round, actor=opener)] * 4)
    closings = AuditEntry.objects.filter(verb="closed", target_id=str(place.round_id)).count()
    return {"ended": ended, "closings": closings, "state": VotingRound.objects.get(pk=place.round_id).state}


def two_ideas_merged_both_ways_by_four() -> dict[str, object]:
    """One merge is done; what is left is one idea with every voter's newest ballot."""
    goes = RoundIdeaFactory(idea__state="in_round")
    stays = RoundIdeaFactory(round=goes.round, idea__state="in_round")
    voters = [RoundMemberFactory(round=goes.round).member for _ in range(4)]
    for voter in voters:
        cast(goes, voter, 2)()
        cast(stays, voter, 9)()
    ideas = (goes.idea, stays.idea)
    ended = together(
        [
            lambda one=one, other=other: merging.merge(idea=one, into=other, actor=one.author)
            for one, other in (ideas, ideas[::-1]) * 2
        ]
    )
    left = Ballot.objects.filter(round_idea__round=goes.round_id)
    return {
        "ended": ended,
        "places": RoundIdea.objects.filter(round=goes.round_id).count(),
        "merged": Idea.objects.filter(pk__in=[goes.idea_id, stays.idea_id], state="merged").count(),
        "impacts": sorted(left.values_list("impact", flat=True)),
        "voters": left.values("voter").distinct().count(),
    }


def a_merge_while_it_is_scored_and_closed() -> dict[str, object]:
    """Eight ballots for the idea that goes, a merge and a closing at once: every ballot done is on the kept idea."""
    goes = RoundIdeaFactory(idea__state="in_round")
    stays = RoundIdeaFactory(round=goes.round, idea__state="in_round")
    opener = goes.round.opened_by
    voters = [RoundMemberFactory(round=goes.round).member for _ in range(8)]
    verbs = [cast(goes, voter, 5) for voter in voters]
    merge = lambda: merging.merge(idea=goes.idea, into=stays.idea, actor=goes.idea.author)  # noqa: E731  # a verb
    close = lambda: rounds.close_round(voting_round=goes.round, actor=opener)  # noqa: E731
    ended = together([*verbs[:4], merge, *verbs[4:], close])
    kept = RoundIdea.objects.get(pk=stays.pk)
    history = RoundIdea.objects.filter(pk=goes.pk).first()
    return {
        "done": ended.count("done") - 2,  # the merge and the closing are always done, in one order or the other
        "ballots": Ballot.objects.filter(round_idea__round=goes.round_id).count(),
        "counted": (kept.counted_ballots or 0) + (history.counted_ballots if history else 0),
        "refusals": sorted(set(ended) - {"done"}),
        "merged": Idea.objects.get(pk=goes.idea_id).merged_into_id == stays.idea_id,
    }


def ballots_while_it_closes() -> dict[str, object]:
    """Twelve ballots and a closing at once; done before the closing is done, or refused."""
    place = RoundIdeaFactory(idea__state="in_round")
    voters = [RoundMemberFactory(round=place.round).member for _ in range(12)]
    votes = [cast(place, voter, 1 + number % 10) for number, voter in enumerate(voters)]
    closing = lambda: rounds.close_round(voting_round=place.round, actor=place.round.opened_by)  # noqa: E731
    ended = together([*votes[:6], closing, *votes[6:]])
    place.refresh_from_db()
    return {
        "refusals": sorted(set(ended) - {"done"}),
        "done": ended.count("done") - 1,
        "kept": Ballot.objects.filter(round_idea=place).count(),
        "counted": place.counted_ballots,
    }


def both_ends_writing_and_asked_for_it() -> dict[str, object]:
    """The second text opens the talk, whichever it is; of four who ask one end at most one does, and only before."""
    place = DisputedFactory()
    rounds.close_round(voting_round=place.round, actor=None)
    talk = Talk.objects.get(round_idea=place)
    voters = [one.voter for one in talk.explanations.select_related("ballot__voter")]
    writing = [lambda voter=voter: talks.explain(talk=talk, text=voter.name, actor=voter) for voter in voters]
    asking = [lambda: talks.ask(talk=talk, end="lowest", actor=place.round.opened_by)] * 4
    ended = together([*asking[:2], *writing, *asking[2:]])
    talk.refresh_from_db()
    written = talk.explanations.order_by("pk")
    return {
        "texts": list(written.values_list("text", flat=True)),
        "opened_by_the_last": talk.opened_at == max(one.written_at for one in written),
        "asked": ended.count("done") - 2,
        "jobs": Job.objects.filter(name="backlog.tasks.ask_for_reason").count(),
    }


def four_second_rounds() -> dict[str, object]:
    place = DisputedFactory()
    rounds.close_round(voting_round=place.round, actor=None)
    closes_at = now() + timedelta(days=2)
    open_one = lambda: rounds.open_second_round(  # noqa: E731  # a verb
        first_round=place.round, ideas=[place.idea], closes_at=closes_at, actor=place.round.opened_by
    )
    ended = together([open_one] * 4)
    return {"ended": ended, "opened": VotingRound.objects.filter(first_round=place.round).count()}


def main() -> None:
    races = (
        one_voter_eight_times,
        four_moderators,
        ballots_while_it_closes,
        two_ideas_merged_both_ways_by_four,
        a_merge_while_it_is_scored_and_closed,
        both_ends_writing_and_asked_for_it,
        four_second_rounds,
    )
    print(json.dumps({race.__name__: race() for race in races}))
