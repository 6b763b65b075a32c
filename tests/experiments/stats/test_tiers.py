import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import rank_tiers


def ballots(seed: int = 1) -> np.ndarray:
    """Twelve voters on five ideas: two clearly good, two clearly poor, one in between."""
    rng = np.random.default_rng(seed)
    levels = np.array([8.0, 8.0, 5.5, 3.0, 3.0])[None, :, None]
    return np.clip(np.rint(levels + rng.normal(size=(12, 5, 3))), 1, 10)


def test_scores_are_means_of_medians_and_ranks_average_ties():
    cast = ballots()
    cast[:4, 2, 0] = np.nan
    found = rank_tiers(cast, rng=np.random.default_rng(2), resamples=50)
    score = np.nanmedian(cast, axis=0).mean(axis=-1)
    np.testing.assert_allclose(found.score, score)
    np.testing.assert_allclose(found.rank, scipy_stats.rankdata(-score))


def test_intervals_are_those_of_a_plain_bootstrap_loop():
    cast, rng = ballots(3), np.random.default_rng(4)
    ranks = []
    for _ in range(3000):
        chosen = cast[rng.integers(0, 12, 12)]
        ranks.append(scipy_stats.rankdata(-np.median(chosen, axis=0).mean(axis=-1)))
    low, high = np.percentile(ranks, [5, 95], axis=0)
    found = rank_tiers(cast, rng=np.random.default_rng(5))
    np.testing.assert_allclose(found.low, low, atol=0.5)
    np.testing.assert_allclose(found.high, high, atol=0.5)


def test_ideas_that_cannot_be_told_apart_share_a_tier():
    found = rank_tiers(ballots(), rng=np.random.default_rng(6), resamples=500)
    np.testing.assert_array_equal(found.tier, [1, 1, 2, 3, 3])


def test_idea_that_everybody_abstained_from_has_no_rank():
    cast = ballots()
    cast[:, 1, 2] = np.nan
    found = rank_tiers(cast, rng=np.random.default_rng(7), resamples=100)
    assert np.isnan([found.score[1], found.rank[1], found.low[1]]).all()
    np.testing.assert_array_equal(found.tier, [1, 0, 2, 3, 3])


def test_idea_with_one_voter_is_ranked_in_the_resamples_that_have_the_voter():
    cast = ballots()
    cast[1:, 0] = np.nan
    found = rank_tiers(cast, rng=np.random.default_rng(8), resamples=400)
    assert np.isfinite([found.low[0], found.high[0]]).all()


def test_same_seed_gives_the_same_answer():
    one, two = (rank_tiers(ballots(), rng=np.random.default_rng(9), resamples=250) for _ in range(2))
    np.testing.assert_array_equal(one.low, two.low)


@pytest.mark.parametrize("shape", [(3, 4), (0, 4, 3), (3, 0, 3)])
def test_ballots_without_voters_ideas_or_scales_are_refused(shape):
    with pytest.raises(ValueError, match="axes voter, idea and scale"):
        rank_tiers(np.ones(shape), rng=np.random.default_rng(1))
