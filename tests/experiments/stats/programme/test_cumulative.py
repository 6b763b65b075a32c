import numpy as np
import pytest

from experiments.stats import (
    ClosedExperiments,
    Moments,
    TotalEffect,
    bias_corrected_total,
    heavy_tailed_total,
    learned_prior,
    log_ratio_lift,
    naive_total,
    quarter_totals,
    shrunk_total,
)


def closed(**changes) -> ClosedExperiments:
    rng = np.random.default_rng(1)
    true, se = rng.normal(0.01, 0.02, 30), rng.uniform(0.01, 0.04, 30)
    estimates = true + se * rng.standard_normal(30)
    fields = {"estimates": estimates, "se": se, "shipped": estimates / se > 0.8}
    return ClosedExperiments(**(fields | changes))


def test_naive_total_is_the_sum_of_what_shipped_with_its_normal_limits():
    experiments = closed()
    found, shipped = naive_total(experiments, alpha=0.1), experiments.shipped
    assert found.estimate == pytest.approx(experiments.estimates[shipped].sum())
    reach = 1.6448536269514722 * np.sqrt((experiments.se[shipped] ** 2).sum())
    assert (found.low, found.high) == pytest.approx((found.estimate - reach, found.estimate + reach))
    assert found.lift == pytest.approx(tuple(np.exp([found.estimate, found.low, found.high]) - 1))


def test_shrunk_total_is_the_sum_of_posterior_means_of_what_shipped():
    experiments = closed(reach=0.5, overlap=np.linspace(0.5, 1, 30))
    believed = learned_prior(experiments.estimates, experiments.se).shrunk(experiments.estimates, experiments.se)
    weight = 0.5 * np.linspace(0.5, 1, 30) * experiments.shipped
    found = shrunk_total(experiments, rng=np.random.default_rng(2))
    assert found.estimate == pytest.approx(float((weight * believed.mean).sum()))
    assert found.low < found.estimate < found.high < naive_total(closed()).estimate


def test_shared_doubt_about_the_prior_widens_the_limits():
    experiments = closed()
    prior = learned_prior(experiments.estimates, experiments.se)
    joint = shrunk_total(experiments, rng=np.random.default_rng(3), draws=40_000)
    alone = prior.shrunk(experiments.estimates, experiments.se).draws(40_000, np.random.default_rng(4))
    low, high = np.quantile(alone[:, experiments.shipped].sum(axis=1), [0.05, 0.95])
    assert joint.high - joint.low > 1.05 * (high - low)


def test_corrected_total_takes_the_bias_of_all_experiments_off():
    experiments = closed()
    z = experiments.estimates / experiments.se
    bias = (experiments.se * np.exp(-((1.96 - z) ** 2) / 2) / np.sqrt(2 * np.pi)).sum()
    found = bias_corrected_total(experiments, rng=np.random.default_rng(5))
    assert found.estimate == pytest.approx(naive_total(experiments).estimate - bias)
    assert found.low < found.estimate < found.high


def test_nothing_shipped_adds_up_to_nothing():
    totals = quarter_totals(closed(shipped=np.zeros(30)), rng=np.random.default_rng(6))
    assert totals.naive == TotalEffect(0.0, 0.0, 0.0, 0.9)
    assert (totals.shrunk.estimate, totals.shrunk.low, totals.shrunk.high) == (0.0, 0.0, 0.0)


def test_few_experiments_use_the_weak_prior_and_say_so():
    experiments = ClosedExperiments([0.05, 0.02], [0.02, 0.02], [True, False])
    found = shrunk_total(experiments, rng=np.random.default_rng(7))
    assert found.estimate == pytest.approx(0.05 * 0.05**2 / (0.05**2 + 0.02**2))
    assert found.notes[0].startswith("Fewer than 8 closed experiments")


def test_heavy_tails_believe_one_outstanding_effect_more_readily():
    estimates = np.append(np.linspace(-0.01, 0.01, 20), 0.2)
    experiments = ClosedExperiments(estimates, np.full(21, 0.02), np.arange(21) == 20)
    shrunk, heavy = (total(experiments, rng=np.random.default_rng(8)) for total in (shrunk_total, heavy_tailed_total))
    assert shrunk.estimate < heavy.estimate < 0.2


def test_same_seed_gives_the_same_rows():
    one, two = (quarter_totals(closed(), rng=np.random.default_rng(9)) for _ in range(2))
    assert one == two


def test_holdout_leads_only_where_it_is_narrower_than_the_goal():
    lift = log_ratio_lift(Moments(40_000, 5.0, 160_000.0), Moments(60_000, 5.25, 240_000.0))
    holdout = TotalEffect.from_lift(lift)
    assert holdout.lift == pytest.approx((0.05, float(lift.low), float(lift.high)))
    totals = quarter_totals(closed(), rng=np.random.default_rng(10), holdout=holdout, holdout_power=0.9)
    assert totals.headline(0.05) is holdout
    assert totals.headline(0.005) is totals.shrunk
    assert quarter_totals(closed(), rng=np.random.default_rng(10)).headline(0.05).estimate == totals.shrunk.estimate


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"reach": 1.5}, "reach is 1.5"), ({"overlap": 0.0}, "overlap is 0"), ({"se": -1.0}, "se is -1")],
)
def test_impossible_experiments_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        closed(**changes)
