import numpy as np
import pytest

from experiments.stats import probability_matching, top_two, with_floor


def test_floor_is_mixed_in_and_every_arm_keeps_it():
    found = probability_matching([0.9, 0.1, 0.0], floor=0.05)
    np.testing.assert_allclose(found, [0.05 + 0.85 * 0.9, 0.05 + 0.85 * 0.1, 0.05])
    np.testing.assert_allclose(found.sum(), 1.0)


def test_cutting_and_dividing_instead_would_break_the_floor():
    cut = np.maximum([0.98, 0.01, 0.01], 0.05)
    assert (cut / cut.sum()).min() < 0.05
    assert probability_matching([0.98, 0.01, 0.01]).min() >= 0.05


def test_floor_is_held_to_half_of_an_even_share():
    found = probability_matching(np.eye(20)[0])
    np.testing.assert_allclose(found[1:], 0.025)
    np.testing.assert_allclose(found[0], 0.525)


def test_top_two_is_the_rule_of_drawing_again_until_another_arm_is_best():
    rng = np.random.default_rng(1)
    chance = np.array([0.6, 0.25, 0.1, 0.05])
    plays = np.zeros(4)
    for _ in range(20_000):
        first = played = rng.choice(4, p=chance)
        if rng.random() > 0.3:
            while played == first:
                played = rng.choice(4, p=chance)
        plays[played] += 1
    np.testing.assert_allclose(top_two(chance, beta=0.3), plays / 20_000, atol=4 * 0.5 / np.sqrt(20_000))


def test_top_two_of_a_sure_winner_spreads_the_rest_evenly():
    np.testing.assert_allclose(
        top_two([[1.0, 0.0, 0.0], [1.0 - 1e-300, 1e-300, 0.0]]), [[0.5, 0.25, 0.25], [0.5, 0.5, 0]]
    )
    np.testing.assert_allclose(top_two([1.0]), [1.0])


def test_top_two_near_certainty_keeps_its_digits():
    tiny = 1e-25
    np.testing.assert_allclose(top_two([1.0, 2 * tiny, tiny]), [0.5, 1 / 3, 1 / 6], rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: with_floor([0.5, 0.6]), "the sum of chance is 1.1"),
        (lambda: with_floor([0.5, 0.5], floor=1.0), "floor is 1.0"),
        (lambda: with_floor([1.5, -0.5]), r"chance\[0\] is 1\.5"),
        (lambda: top_two([0.5, 0.5], beta=0.0), "beta is 0"),
        (lambda: top_two(1.0), "axis of arms"),
    ],
)
def test_impossible_shares_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
