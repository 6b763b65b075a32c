from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate
from scipy import stats as scipy_stats

from experiments.stats import Counts, beta_binomial


def by_quadrature(old, new):
    """Chance, losses and mean from scipy's distributions and adaptive integration."""
    edges = np.unique(
        np.concatenate([side.ppf([1e-13, 1e-6, 0.01, 0.5, 0.99, 1 - 1e-6, 1 - 1e-13]) for side in (old, new)])
    )

    def total(part):
        pieces = pairwise(edges)
        return sum(integrate.quad(part, low, high, epsabs=1e-14, epsrel=1e-11, limit=200)[0] for low, high in pieces)

    return [
        total(lambda p: new.pdf(p) * old.cdf(p)),
        total(lambda p: new.cdf(p) * old.sf(p)),
        total(lambda p: old.cdf(p) * new.sf(p)),
    ]


@pytest.mark.parametrize(
    ("control", "treatment", "prior"),
    [
        ((12, 200), (20, 210), (1.0, 1.0)),
        ((0, 50), (3, 60), (0.5, 0.5)),
        ((55, 100), (5_200_000, 10_000_000), (1.0, 1.0)),
        ((5_000, 10_000_000), (2, 700), (1.0, 1.0)),
        ((40, 40), (37, 38), (2.0, 8.0)),
        ((1, 3), (2, 3), (1.0, 1.0)),
    ],
)
def test_chance_and_losses_agree_with_adaptive_integration(control, treatment, prior):
    a, b = prior
    old, new = (scipy_stats.beta(a + x, b + n - x) for x, n in (control, treatment))

    found = beta_binomial(Counts(control[1], control[0]), Counts(treatment[1], treatment[0]), prior=prior)

    numbers = [found.chance_to_beat, found.expected_loss_ship, found.expected_loss_keep]
    np.testing.assert_allclose(numbers, by_quadrature(old, new), atol=1e-8)
    assert float(found.mean) == pytest.approx(new.mean() - old.mean(), abs=1e-12)
    assert float(found.sd) == pytest.approx(np.hypot(new.std(), old.std()), rel=1e-10)


def test_interval_holds_its_share_of_the_differences():
    found = beta_binomial(Counts(80, 9), Counts(90, 16), alpha=0.1)
    rng = np.random.default_rng(2)
    difference = rng.beta(17, 75, 2_000_000) - rng.beta(10, 72, 2_000_000)
    np.testing.assert_allclose([found.low, found.high], np.quantile(difference, [0.05, 0.95]), atol=3e-4)
    assert float(found.level) == pytest.approx(0.9)


def test_swapping_sides_swaps_the_losses():
    one, two = Counts(500, 30), Counts(900, 70)
    there, back = beta_binomial(one, two), beta_binomial(two, one)
    assert float(there.chance_to_beat) == pytest.approx(1 - float(back.chance_to_beat), abs=1e-9)
    assert float(there.expected_loss_ship) == pytest.approx(float(back.expected_loss_keep), rel=1e-8)
    np.testing.assert_allclose([there.low, there.high], [-back.high, -back.low], rtol=1e-7)


def test_where_down_is_good_chances_and_losses_are_exchanged():
    one, two = Counts(500, 30), Counts(900, 70)
    up, down = beta_binomial(one, two), beta_binomial(one, two, direction="down")
    assert float(down.chance_to_beat) == pytest.approx(1 - float(up.chance_to_beat))
    assert (float(down.expected_loss_ship), float(down.mean)) == (float(up.expected_loss_keep), float(up.mean))


def test_nobody_in_a_variant_gives_no_belief_and_leaves_the_others_alone():
    found = beta_binomial(Counts([0, 50], [0, 5]), Counts(60, 8))
    numbers = (found.mean, found.low, found.chance_to_beat, found.expected_loss_ship, found.expected_loss_keep)
    assert [list(np.isnan(number)) for number in numbers] == [[True, False]] * 5
    assert float(found.chance_to_beat[1]) == float(beta_binomial(Counts(50, 5), Counts(60, 8)).chance_to_beat)


def test_beliefs_warn_against_stopping_by_them():
    assert any("bounds no error" in note for note in beta_binomial(Counts(50, 5), Counts(60, 8)).notes)


def test_an_improper_beta_is_refused():
    with pytest.raises(ValueError, match=r"a is 0\.0"):
        beta_binomial(Counts(50, 5), Counts(60, 8), prior=(0.0, 1.0))
