import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import Status, batched_sample_ratio, sample_ratio_test, sequential_sample_ratio
from tests.experiments.stats.builders import table


def test_chi_square_agrees_with_scipy():
    peer = scipy_stats.chisquare([980, 2100, 920], [1000, 2000, 1000])
    found = sample_ratio_test([980, 2100, 920], [0.25, 0.5, 0.25])
    assert (float(found.statistic), float(found.p)) == pytest.approx((peer.statistic, peer.pvalue), rel=1e-12)


def test_hillstrom_split_fits_its_plan():
    names, counts = np.unique(table("hillstrom.csv.gz")["segment"], return_counts=True)
    assert len(names) == 3
    assert float(sample_ratio_test(counts, np.full(3, 1 / 3)).p) == pytest.approx(0.9036929576, rel=1e-9)


def test_nobody_and_few_customers_are_named():
    found = sample_ratio_test([[0, 0], [4, 4], [50, 50]], [0.5, 0.5])
    assert list(found.status) == [Status.EMPTY_ARM, Status.APPROXIMATION_WEAK, Status.OK]
    np.testing.assert_array_equal(np.isnan(found.p), [True, False, False])


def test_evidence_is_the_marginal_likelihood_ratio():
    # The Dirichlet-multinomial of SciPy against its multinomial, as probabilities of the same counts.
    counts, shares = np.array([37, 22, 30]), np.array([0.5, 0.2, 0.3])
    mixture = scipy_stats.dirichlet_multinomial(100 * shares, counts.sum()).logpmf(counts)
    planned = scipy_stats.multinomial(counts.sum(), shares).logpmf(counts)
    found = sequential_sample_ratio([counts], shares)
    assert float(found.log_e_value[0]) == pytest.approx(mixture - planned, rel=1e-9)


def test_evidence_averages_to_one_under_the_plan():
    # The defining property of an e-value, by enumeration of all outcomes of 60 customers.
    x = np.arange(61)
    counts = np.stack([x, 60 - x], axis=-1)[:, None, :]
    found = sequential_sample_ratio(counts, [0.7, 0.3])
    chance = scipy_stats.binom.pmf(x, 60, 0.7)
    assert float((chance * found.e_value[:, 0]).sum()) == pytest.approx(1.0, rel=1e-10)


def test_p_value_only_ever_falls():
    rng = np.random.default_rng(1)
    found = sequential_sample_ratio(rng.multinomial(200, [0.52, 0.48], size=(20, 80)), [0.5, 0.5])
    assert (np.diff(found.p, axis=-1) <= 0).all()
    assert (found.p <= 1).all()


def test_split_that_is_off_raises_the_alarm_and_an_honest_one_does_not():
    rng = np.random.default_rng(2)
    off, honest = (rng.multinomial(400, shares, size=(300, 50)) for shares in ([0.48, 0.52], [0.5, 0.5]))
    alarmed = sequential_sample_ratio(off, [0.5, 0.5]).p[:, -1] <= 1e-3
    assert alarmed.mean() > 0.9
    assert (sequential_sample_ratio(honest, [0.5, 0.5]).p[:, -1] > 1e-3).all()


def test_batches_are_judged_each_by_its_own_shares_and_multiplied():
    counts, shares = np.array([[50, 50], [10, 90]]), np.array([[0.5, 0.5], [0.1, 0.9]])
    alone = [sequential_sample_ratio(counts[[i]], shares[i]).log_e_value[0] for i in range(2)]
    found = batched_sample_ratio(counts, shares)
    np.testing.assert_allclose(found.log_e_value, np.cumsum(alone))


def test_evidence_too_large_for_a_float_stays_finite_in_logarithms():
    found = sequential_sample_ratio([[100_000, 0]], [0.5, 0.5])
    assert np.isfinite(found.log_e_value).all()
    assert np.isinf(found.e_value).all()


@pytest.mark.parametrize(
    ("observed", "shares", "sentence"),
    [
        ([5, 5], [0.5, 0.6], "the sum of shares is 1.1"),
        ([5, 5], [0.0, 1.0], r"shares\[0\] is 0\.0"),
        ([5, 5.5], [0.5, 0.5], r"observed\[1\] is 5\.5"),
        ([5, 5, 5], [0.5, 0.5], r"observed \(3,\), shares \(2,\)"),
        ([5], [1.0], "at least 2 variants"),
    ],
)
def test_impossible_counts_and_shares_are_refused(observed, shares, sentence):
    with pytest.raises(ValueError, match=sentence):
        sample_ratio_test(observed, shares)
