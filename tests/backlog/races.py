"""Races on a real database, run inside an installation: threads that all start at the same moment."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from backlog.models import Ballot, RoundIdea, VotingRound
from backlog.services import ballots, rounds
from engagement.accounts.models import AuditEntry
from engagement.core.errors import DomainError
from tests.backlog.factories import RoundIdeaFactory, RoundMemberFactory

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


def main() -> None:
    races = (one_voter_eight_times, four_moderators, ballots_while_it_closes)
    print(json.dumps({race.__name__: race() for race in races}))
