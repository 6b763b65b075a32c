import itertools

import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import Status, kendall_w, krippendorff_alpha


def ballots(seed: int = 1, missing: float = 0.15) -> np.ndarray:
    rng = np.random.default_rng(seed)
    cast = np.clip(np.round(rng.normal(rng.uniform(3, 8, 12), 1.5, size=(6, 12))), 1, 10)
    return np.where(rng.random(cast.shape) < missing, np.nan, cast)


def by_pairs(cast: np.ndarray, squared_distance) -> float:
    """Alpha from its definition: disagreement within items over disagreement among all paired ratings."""
    columns = [column[~np.isnan(column)] for column in cast.T]
    columns = [column for column in columns if len(column) > 1]
    every = np.concatenate(columns)
    observed = sum(
        squared_distance(a, b) / (len(column) - 1) for column in columns for a, b in itertools.permutations(column, 2)
    )
    expected = sum(squared_distance(a, b) for a, b in itertools.permutations(every, 2)) / (len(every) - 1)
    return 1 - observed / expected


def test_alpha_of_intervals_is_that_of_all_pairs():
    cast = ballots()
    found = krippendorff_alpha(cast, scale="interval")
    assert found.alpha == pytest.approx(by_pairs(cast, lambda a, b: (a - b) ** 2))


def test_alpha_of_orders_counts_the_ratings_between():
    cast = ballots(2)
    counted = cast[:, (~np.isnan(cast)).sum(axis=0) > 1]
    values, counts = np.unique(counted[~np.isnan(counted)], return_counts=True)

    def squared_distance(a, b):
        low, high = sorted((a, b))
        between = counts[(values >= low) & (values <= high)].sum()
        return (between - (counts[values == low][0] + counts[values == high][0]) / 2) ** 2 if a != b else 0.0

    assert krippendorff_alpha(cast).alpha == pytest.approx(by_pairs(cast, squared_distance))


def test_alpha_knows_full_agreement_and_chance():
    same = np.tile(np.arange(1, 9.0), (4, 1))
    assert krippendorff_alpha(same).alpha == pytest.approx(1.0)
    chance = np.random.default_rng(3).integers(1, 11, size=(20, 300)).astype(float)
    assert krippendorff_alpha(chance, scale="interval").alpha == pytest.approx(0.0, abs=0.01)


def test_concordance_is_friedmans_statistic_with_ties():
    cast = ballots(4, missing=0.0)
    peer = scipy_stats.friedmanchisquare(*cast.T)
    found = kendall_w(cast)
    assert (found.statistic, found.p) == pytest.approx((peer.statistic, peer.pvalue))
    assert found.w == pytest.approx(peer.statistic / (6 * 11))
    assert found.raters == 6


def test_concordance_takes_complete_ballots_only():
    cast = ballots(5, missing=0.0)
    torn = np.vstack([cast, np.where(np.arange(12) == 3, np.nan, 5.0)])
    assert kendall_w(torn) == kendall_w(cast)


@pytest.mark.parametrize("cast", [np.full((3, 4), 5.0), np.arange(4.0)[None, :], np.full((3, 4), np.nan)])
def test_without_variation_or_a_second_rater_there_is_no_answer(cast):
    w, alpha = kendall_w(cast), krippendorff_alpha(cast)
    assert (w.status, alpha.status) == (Status.NO_VARIATION, Status.NO_VARIATION)
    assert np.isnan([w.w, w.p, alpha.alpha]).all()


@pytest.mark.parametrize("call", [kendall_w, krippendorff_alpha])
def test_ballots_of_another_shape_are_refused(call):
    with pytest.raises(ValueError, match="rater and item"):
        call([1.0, 2.0])
    with pytest.raises(ValueError, match=r"ratings\[0, 1\] is inf"):
        call([[1.0, np.inf]])
