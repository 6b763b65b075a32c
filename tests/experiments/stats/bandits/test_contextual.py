import numpy as np
import pytest

from experiments.stats import LinearThompson


def data(size: int = 600, seed: int = 1):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(size), rng.normal(size=(size, 2))])
    arm = rng.integers(3, size=size)
    slopes = np.array([[1.0, 0.5, 0.0], [1.0, -0.5, 0.2], [0.8, 0.0, 0.0]])
    return x, arm, (x * slopes[arm]).sum(axis=1) + rng.normal(0, 0.5, size)


def belief(**changes) -> LinearThompson:
    return LinearThompson.prior(**({"arms": 3, "features": 3, "noise": 0.5, "ridge": 2.0} | changes)).updated(*data())


def test_scores_are_those_of_ridge_regression_on_the_rows():
    x, arm, reward = data()
    found = belief().scores(x[:5])
    for place in range(3):
        own = x[arm == place]
        precision = own.T @ own + 2.0 * np.eye(3)
        theta = np.linalg.solve(precision, own.T @ reward[arm == place])
        np.testing.assert_allclose(found.mean[:, place], x[:5] @ theta)
        spread = np.sqrt(np.einsum("ci,ij,cj->c", x[:5], np.linalg.inv(precision), x[:5]))
        np.testing.assert_allclose(found.scale[:, place], 0.5 * spread)


def test_two_batches_are_one():
    x, arm, reward = data()
    prior = LinearThompson.prior(arms=3, features=3, noise=0.5, ridge=2.0)
    halves = prior.updated(x[:300], arm[:300], reward[:300]).updated(x[300:], arm[300:], reward[300:])
    np.testing.assert_allclose(halves.precision, belief().precision)
    np.testing.assert_allclose(halves.response, belief().response)


def test_decisions_follow_the_logged_propensities():
    context = np.tile([[1.0, 0.1, 0.3]], (40_000, 1))
    found = belief().decide(context, rng=np.random.default_rng(3), floor=0.04)
    played = np.bincount(found.arm, minlength=3) / 40_000
    np.testing.assert_allclose(played, found.propensities[0], atol=4 * 0.5 / np.sqrt(40_000))
    assert found.propensities.min() >= 0.04
    np.testing.assert_allclose(found.propensities.sum(axis=1), 1.0)


def test_same_generator_gives_the_same_decisions_and_lower_can_be_better():
    x = data(50, seed=4)[0]
    one, two = (belief().decide(x, rng=np.random.default_rng(5), direction="down") for _ in range(2))
    np.testing.assert_array_equal(one.arm, two.arm)
    up, down = (belief().propensities(x, direction=way) for way in ("up", "down"))
    assert (np.argmax(up, axis=1) != np.argmax(down, axis=1)).all()


def test_customer_of_whom_nothing_is_known_gets_each_arm_alike():
    np.testing.assert_allclose(belief().propensities(np.zeros((1, 3))), 1 / 3)


def test_many_different_contexts_come_back_in_their_order():
    x = data(1203, seed=6)[0]
    np.testing.assert_allclose(belief().propensities(x)[[7, 1200]], belief().propensities(x[[7, 1200]]), rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: belief().scores(np.ones((2, 4))), r"contexts must be \(customer, 3\)"),
        (lambda: LinearThompson(np.ones((2, 3, 3)), np.ones((2, 2)), 1.0), "arms do not match"),
        (lambda: belief(noise=0.0), "noise is 0"),
        (lambda: belief(ridge=-1.0), "ridge is -1"),
    ],
)
def test_impossible_contexts_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
