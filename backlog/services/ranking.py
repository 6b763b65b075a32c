"""Which ideas of a closed round are really ahead: rank intervals over redrawn voters, tiers by their overlap."""

from collections.abc import Sequence

import numpy as np

from backlog.models import RoundIdea, VotingRound
from backlog.scoring import SCALES
from experiments import stats  # pure numpy: it knows nothing of experiments here, and neither do we


def freeze_ranks(voting_round: VotingRound, places: Sequence[RoundIdea]) -> None:
    """Writes rank, its 90% interval and tier on each place that has a score; the same round always gives the same."""
    voters = sorted({ballot.voter_id for place in places for ballot in place.ballots.all()})
    if not voters:
        return
    row = {voter: number for number, voter in enumerate(voters)}
    cast = np.full((len(voters), len(places), len(SCALES)), np.nan)
    for column, place in enumerate(places):
        for ballot in place.ballots.all():
            given = [getattr(ballot, scale) for scale in SCALES]
            cast[row[ballot.voter_id], column] = [np.nan if score is None else score for score in given]
    found = stats.rank_tiers(cast, rng=np.random.default_rng(voting_round.pk))
    for column, place in enumerate(places):
        if found.tier[column]:
            place.rank, place.tier = float(found.rank[column]), int(found.tier[column])
            place.rank_low, place.rank_high = float(found.low[column]), float(found.high[column])
    RoundIdea.objects.bulk_update(places, ["rank", "rank_low", "rank_high", "tier"])
