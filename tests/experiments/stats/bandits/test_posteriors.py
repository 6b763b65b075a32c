import numpy as np
import pytest
from scipy import special
from scipy import stats as scipy_stats

from experiments.stats import BetaPosterior, DiscountedMoments, MeanPosterior, Moments, probability_best
from tests.experiments.stats.builders import buyers


def by_quadrature(densities, distributions, ends):
    """Chances of being highest by 60 Gauss nodes on each piece and SciPy's own distribution functions."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    low, half = np.array(ends[:-1])[:, None], np.diff(ends)[:, None] / 2
    x = low + half * (nodes + 1)
    below = np.array([distribution(x) for distribution in distributions])
    others = [np.prod(np.delete(below, arm, axis=0), axis=0) for arm in range(len(below))]
    return np.array(
        [(weights * half * density(x) * rest).sum() for density, rest in zip(densities, others, strict=True)]
    )


def test_two_normal_arms_follow_the_closed_form_however_unequal_their_widths():
    mean, sd = np.array([[0.0, 1.0], [0.0, 1e-3], [5.0, 5.1]]), np.array([[1.0, 1.0], [1.0, 1e-4], [1e-3, 40.0]])
    expected = special.ndtr((mean[:, 1] - mean[:, 0]) / np.hypot(sd[:, 0], sd[:, 1]))
    found = probability_best(MeanPosterior(mean, sd))
    np.testing.assert_allclose(found[:, 1], expected, atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=-1), 1.0, rtol=1e-14)


def test_two_rates_follow_the_finite_sum_of_whole_counts():
    # P(Beta(a1, b1) > Beta(a0, b0)) as a sum over a1 terms: Cook (2005), section 3.
    a0, b0, a1, b1 = 13, 240, 19, 231
    i = np.arange(a1)
    terms = special.betaln(a0 + i, b0 + b1) - np.log(b1 + i) - special.betaln(1 + i, b1) - special.betaln(a0, b0)
    found = probability_best(BetaPosterior([a0, a1], [b0, b1]))
    assert float(found[1]) == pytest.approx(float(np.exp(terms).sum()), abs=1e-11)


@pytest.mark.parametrize(
    ("a", "b"), [([0.5, 0.3, 2.0], [0.5, 4.0, 700.0]), ([1.0, 1.0, 40.0, 3.0], [1.0, 900.0, 8000.0, 0.7])]
)
def test_rates_agree_with_scipys_distributions_where_densities_have_poles(a, b):
    arms = [scipy_stats.beta(*pair) for pair in zip(a, b, strict=True)]
    densities = [lambda y, arm=arm: arm.pdf(special.expit(y)) * special.expit(y) * special.expit(-y) for arm in arms]
    distributions = [lambda y, arm=arm: arm.cdf(special.expit(y)) for arm in arms]
    expected = by_quadrature(densities, distributions, np.linspace(-70, 36, 107))
    np.testing.assert_allclose(probability_best(BetaPosterior(a, b)), expected, atol=1e-9)


def test_means_with_few_degrees_of_freedom_agree_with_scipys_distributions():
    arms = [scipy_stats.t(3, 1.0, 0.5), scipy_stats.t(40, 1.2, 0.1), scipy_stats.norm(0.9, 0.6)]
    expected = by_quadrature(
        [arm.pdf for arm in arms],
        [arm.cdf for arm in arms],
        [-2000, -200, -20, -5, -1, 0, 0.6, 1, 1.4, 2, 3, 6, 20, 200, 2000],
    )
    found = probability_best(MeanPosterior([1.0, 1.2, 0.9], [0.5, 0.1, 0.6], [3, 40, np.inf]))
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_twenty_arms_agree_with_draws():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(5, 60, 20), rng.uniform(300, 900, 20)
    winners = np.argmax(rng.beta(a, b, size=(200_000, 20)), axis=-1)
    drawn = np.bincount(winners, minlength=20) / 200_000
    np.testing.assert_allclose(probability_best(BetaPosterior(a, b)), drawn, atol=4 * np.sqrt(0.25 / 200_000))


def test_where_lower_is_better_the_lowest_is_best():
    a, b = np.array([9.0, 12.0, 4.0]), np.array([80.0, 99.0, 60.0])
    found = probability_best(BetaPosterior(a, b), direction="down")
    np.testing.assert_allclose(found, probability_best(BetaPosterior(b, a)))
    means = MeanPosterior([1.0, 2.0], [1.0, 1.0])
    np.testing.assert_allclose(probability_best(means, direction="down"), probability_best(means)[::-1])


def test_a_stack_of_bandits_is_answered_as_each_by_itself():
    rng = np.random.default_rng(2)
    mean, scale, df = rng.normal(size=(4, 3, 5)), rng.uniform(0.1, 2, (4, 3, 5)), rng.uniform(3, 90, (4, 3, 5))
    stack = probability_best(MeanPosterior(mean, scale, df))
    alone = probability_best(MeanPosterior(mean[2, 1], scale[2, 1], df[2, 1]))
    np.testing.assert_allclose(stack[2, 1], alone, rtol=1e-12)


def test_one_arm_is_the_best_there_is():
    np.testing.assert_array_equal(probability_best(BetaPosterior([3.0], [4.0])), [1.0])


def test_arm_that_has_sold_nothing_yet_keeps_its_chance():
    samples = [np.zeros(12), buyers(400, seed=1), buyers(500, seed=2)]
    each = [Moments.from_values(sample) for sample in samples]
    arms = Moments(*(np.array([getattr(part, name) for part in each]) for name in ("n", "mean", "m2")))
    found = probability_best(MeanPosterior.from_moments(arms))
    # Twelve customers of whom nobody buys are no news: one customer in five does.
    assert found[0] > 0.005
    assert probability_best(MeanPosterior(arms.mean, [1e-6, 0.9, 0.8]))[0] < 1e-9


def test_posterior_of_means_is_that_of_the_rows_with_two_pseudo_customers():
    # With an improper prior, rows plus pseudo-rows of the pooled mean and variance would give the same location.
    arms = Moments([3.0, 5.0], [2.0, 4.0], [6.0, 20.0])
    centre = (3 * 2 + 5 * 4) / 8
    variance = (6 + 20 + 3 * (2 - centre) ** 2 + 5 * (4 - centre) ** 2) / 8
    found = MeanPosterior.from_moments(arms)
    np.testing.assert_allclose(found.mean, [(2 * centre + 6) / 5, (2 * centre + 20) / 7])
    np.testing.assert_allclose(found.df, [5, 7])
    spread = 2 * variance + np.array([6, 20]) + np.array([6 / 5, 10 / 7]) * (np.array([2, 4]) - centre) ** 2
    np.testing.assert_allclose(found.scale**2, spread / (np.array([5, 7]) * [5, 7]))


def test_without_data_or_variation_all_arms_are_alike():
    nobody = Moments(np.zeros(4), np.zeros(4), np.zeros(4))
    flat = Moments([9.0, 900.0, 3.0], [2.0, 2.0, 2.0], np.zeros(3))
    np.testing.assert_allclose(probability_best(MeanPosterior.from_moments(nobody)), 0.25)
    np.testing.assert_allclose(probability_best(MeanPosterior.from_moments(flat)), 1 / 3)


def test_discounted_totals_of_fractional_size_are_welcome():
    whole, part = (
        Moments([10.0, 20.0], [1.0, 2.0], [5.0, 9.0]),
        DiscountedMoments(np.array([9.5, 20.0]), np.array([1.0, 2.0]), np.array([5.0, 9.0])),
    )
    exact, forgetful = (MeanPosterior.from_moments(arms).df for arms in (whole, part))
    np.testing.assert_allclose(exact - forgetful, [0.5, 0.0])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: BetaPosterior([1.0, 0.0], [1.0, 1.0]), r"a\[1\] is 0\.0"),
        (lambda: BetaPosterior(1.0, 1.0), "axis of arms"),
        (lambda: BetaPosterior.from_counts([-1.0], [2.0]), r"successes\[0\] is -1\.0"),
        (lambda: MeanPosterior([0.0], [0.0]), r"scale\[0\] is 0\.0"),
        (lambda: MeanPosterior([0.0], [1.0], 0.0), "df is 0"),
        (lambda: MeanPosterior([0.0, 1.0], [1.0, 1.0, 2.0]), "do not broadcast"),
    ],
)
def test_impossible_posteriors_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
