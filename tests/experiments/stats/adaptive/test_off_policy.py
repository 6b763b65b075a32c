import numpy as np
import pytest

from experiments.stats import Status, doubly_robust_value, policy_value
from tests.experiments.stats.adaptive.logs import rows
from tests.experiments.stats.builders import table


def open_bandit(policy: str, campaign: str):
    """Weights for the uniform target and clicks of a log of the Open Bandit Dataset, and its number of arms."""
    data = table(f"open_bandit_{policy}_{campaign}.csv.gz")
    arms = {"women": 46, "men": 34, "all": 80}[campaign]
    return 1 / arms / data["propensity_score"].astype(float), data["click"].astype(float)


def test_weighted_values_are_their_definitions():
    rng = np.random.default_rng(1)
    weight, reward = rng.exponential(size=500), rng.normal(2, 1, 500)
    found = policy_value(weight, reward)
    product = weight * reward
    assert float(found.inverse_propensity.estimate) == pytest.approx(product.mean())
    assert float(found.inverse_propensity.se) == pytest.approx(product.std(ddof=1) / np.sqrt(500))
    value = product.sum() / weight.sum()
    assert float(found.self_normalised.estimate) == pytest.approx(value)
    influence = weight * (reward - value) / weight.mean()
    assert float(found.self_normalised.se) == pytest.approx(np.sqrt((influence**2).mean() / 500))
    assert float(found.effective_customers) == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert found.self_normalised.status.item() == Status.OK


def test_women_of_the_open_bandit_come_back_with_a_warning():
    found = policy_value(*open_bandit("bts", "women"))
    assert float(found.effective_customers) == pytest.approx(2.08, abs=0.01)
    for value in (found.inverse_propensity, found.self_normalised):
        assert value.status.item() == Status.APPROXIMATION_WEAK
        assert value.texts() == [
            "The log of 10,000 customers is worth 2.1 to this policy: a few weights carry all of it."
        ]
        assert np.isfinite(float(value.estimate))


@pytest.mark.parametrize(("campaign", "effective"), [("men", 656), ("all", 340)])
def test_other_adaptive_logs_of_the_open_bandit_find_what_the_random_log_measured(campaign, effective):
    adaptive = policy_value(*open_bandit("bts", campaign))
    uniform = policy_value(*open_bandit("random", campaign)).self_normalised
    found = adaptive.self_normalised
    assert float(adaptive.effective_customers) == pytest.approx(effective, abs=0.5)
    assert (found.status.item(), uniform.status.item()) == (Status.OK, Status.OK)
    assert abs(float(found.estimate - uniform.estimate)) < 3 * np.hypot(float(found.se), float(uniform.se))


def test_doubly_robust_value_is_the_mean_of_the_policys_scores():
    data = rows()
    target = np.broadcast_to([0.2, 0.5, 0.3], data.propensities.shape)
    each = (target * data.scores()).sum(axis=1)
    found = doubly_robust_value(
        target, propensities=data.propensities, action=data.arm, reward=data.reward, plug_in=data.plug_in
    )
    assert float(found.estimate) == pytest.approx(each.mean())
    assert float(found.se) == pytest.approx(each.std(ddof=1) / np.sqrt(len(each)))


def test_policy_that_plays_what_was_never_played_has_no_value():
    shares, action = np.array([[0.5, 0.5, 0.0]] * 200), np.arange(200) % 2
    never = doubly_robust_value([0.0, 0.5, 0.5], propensities=shares, action=action, reward=action * 1.0, plug_in=0.0)
    known = doubly_robust_value(
        [0.5, 0.5, 0.0], propensities=shares, action=action, reward=np.arange(200) % 3, plug_in=0.0
    )
    assert (never.status.item(), np.isnan(never.estimate)) == (Status.NOT_IDENTIFIED, True)
    assert known.status.item() == Status.OK


def test_logs_that_say_nothing_are_named():
    weight = np.array([[0.0, 0.0, 0.0], [0.0, 3.0, 0.0], [1.0, 1.0, 1.0]])
    found = policy_value(weight, [1.0, 1.0, 1.0]).self_normalised
    assert list(found.status) == ["empty_arm", "too_few", "zero_variance"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: policy_value([-1.0], [1.0]), r"weight\[0\] is -1"),
        (lambda: policy_value([np.inf], [1.0]), r"weight\[0\] is inf"),
        (
            lambda: doubly_robust_value([1.0, 0.0], propensities=[[1.0, 0.0]], action=[1], reward=[1.0], plug_in=0.0),
            r"action\[0\] is 1: had propensity 0",
        ),
        (
            lambda: doubly_robust_value([0.7, 0.7], propensities=[[0.5, 0.5]], action=[1], reward=[1.0], plug_in=0.0),
            "the sum of target",
        ),
    ],
)
def test_impossible_logs_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
