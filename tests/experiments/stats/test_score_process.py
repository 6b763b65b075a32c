import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import score_process
from experiments.stats.score_process import Unstopped


def paths_to_third_look(times: tuple[float, ...], scores: tuple[float, ...]) -> Unstopped:
    first = Unstopped.at_start().onward(-scores[0], scores[0], times[0], resolution=times[1] - times[0])
    return first.onward(-scores[1], scores[1], times[1], resolution=times[2] - times[1])


@pytest.mark.parametrize("drift", [0.0, 1.5, -3.0])
def test_probability_beyond_the_third_look_agrees_with_the_multivariate_normal(drift):
    times, scores, beyond = (0.2, 0.55, 1.0), (1.3, 1.4), 1.1
    covariance = np.minimum.outer(times, times)
    walk = scipy_stats.multivariate_normal(drift * np.array(times), covariance, abseps=1e-6, releps=1e-6, seed=1)
    low, high = np.array([-scores[0], -scores[1], beyond]), np.array([scores[0], scores[1], 30.0])
    expected = walk.cdf(high, lower_limit=low)

    found = paths_to_third_look(times, scores).above(beyond, times[2], drift)

    assert float(found) == pytest.approx(expected, abs=5e-6)


def test_all_paths_are_stopped_or_go_on():
    times, scores = (0.1, 0.4, 1.0), (0.9, 0.8)
    start = Unstopped.at_start()
    first = start.onward(-scores[0], scores[0], times[0], resolution=times[1] - times[0])
    second = paths_to_third_look(times, scores)
    stopped = [start.above(0.9, 0.1), start.below(-0.9, 0.1), first.above(0.8, 0.4), first.below(-0.8, 0.4)]
    assert float(sum(stopped)) + second.mass.sum() == pytest.approx(1.0, abs=1e-12)


def test_bound_leaves_the_asked_probability_beyond_even_when_it_is_tiny():
    paths = paths_to_third_look((0.2, 0.5, 1.0), (1.5, 1.5))
    for probability in (0.2, 1e-3, 1e-40, 1e-250):
        score = paths.bound(probability, 1.0)
        assert np.log(float(paths.above(score, 1.0))) == pytest.approx(np.log(probability), rel=1e-9)


def test_finer_nodes_change_nothing_that_can_be_seen(monkeypatch):
    coarse = paths_to_third_look((0.3, 0.31, 0.4), (1.2, 1.25)).bound(0.01, 0.4)
    monkeypatch.setattr(score_process, "STEPS_PER_PANEL", 0.5)
    assert paths_to_third_look((0.3, 0.31, 0.4), (1.2, 1.25)).bound(0.01, 0.4) == pytest.approx(coarse, abs=1e-9)
