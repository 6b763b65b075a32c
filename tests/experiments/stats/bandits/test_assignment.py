import hashlib

import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import BanditBatch, chosen_arms, context_hashes, hashed_units, sample_ratio_test

MASK = 2**64 - 1


def mixed(state: int) -> int:
    """The published finaliser, on Python's whole numbers."""
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & MASK
    return state ^ (state >> 31)


def unit(words: list[int], salt: str) -> float:
    state = int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=8).digest(), "little")
    for word in words:
        state = mixed((state ^ word) + 0x9E3779B97F4A7C15 & MASK)
    return (mixed(state) >> 11) / 2**53


def batch(shares=(0.05, 0.25, 0.7), **changes) -> BanditBatch:
    fields = {"experiment": "spring", "number": 4, "shares": shares, "policy": "thompson/1", "salt": "spring-7f"}
    return BanditBatch(**(fields | changes))


def test_numbers_and_texts_are_hashed_as_whole_number_arithmetic_says():
    found = hashed_units([0, 1, -1, 2**40], salt="a")
    np.testing.assert_array_equal(found, [unit([key & MASK], "a") for key in (0, 1, -1, 2**40)])
    words = [ord("k") | ord("ö") << 32, ord("3")]
    np.testing.assert_array_equal(hashed_units(["kö3"], salt="a"), [unit(words, "a")])


def test_text_draws_the_same_number_whoever_stands_beside_it():
    alone, beside = hashed_units(["anna"], salt="s"), hashed_units(["anna", "a much longer name"], salt="s")
    assert alone[0] == beside[0]
    assert hashed_units("anna", salt="s").shape == ()


def test_numbers_are_even_and_salts_independent():
    one, two = (hashed_units(np.arange(100_000), salt=salt) for salt in ("one", "two"))
    assert scipy_stats.kstest(one, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / np.sqrt(100_000)
    cells = np.histogram2d(one, two, bins=10, range=[[0, 1], [0, 1]])[0].ravel()
    assert float(sample_ratio_test(cells, np.full(100, 0.01)).p) > 0.001


def test_assignment_follows_the_shares_and_logs_the_propensity():
    decisions = batch().assign(np.arange(50_000))
    assert float(sample_ratio_test(np.bincount(decisions.arm), [0.05, 0.25, 0.7]).p) > 0.001
    np.testing.assert_array_equal(decisions.propensity, np.array([0.05, 0.25, 0.7])[decisions.arm])
    assert decisions.batch == 4
    np.testing.assert_array_equal(decisions.arm, batch().assign(np.arange(50_000)).arm)


def test_widening_a_share_moves_customers_into_it_only():
    before = batch((0.4, 0.6)).assign(np.arange(5000)).arm
    after = batch((0.5, 0.5)).assign(np.arange(5000)).arm
    assert set(zip(before.tolist(), after.tolist(), strict=True)) == {(0, 0), (1, 0), (1, 1)}


def test_ranges_are_closed_below_and_open_above():
    np.testing.assert_array_equal(chosen_arms([0.0, 0.25, 0.2499, 0.999], [0.25, 0.75]), [0, 1, 0, 1])
    own = [[0.25, 0.75], [0.5, 0.5], [0.1, 0.9], [0.2, 0.8]]
    np.testing.assert_array_equal(chosen_arms([0.25, 0.25, 0.05, 0.9], own), [1, 0, 0, 1])


def test_lag_counts_the_batches_whose_rewards_are_still_out():
    assert [batch(number=n, rewards_until=r).lag for n, r in ((0, None), (3, None), (3, 2), (8, 1))] == [0, 3, 0, 6]


def test_contexts_have_one_fingerprint_each():
    rows = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]])
    first, same, other = context_hashes(rows)
    assert first == same != other


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: batch((0.5, 0.6)), "the sum of shares"),
        (lambda: batch((0.0, 1.0)), r"shares\[0\]"),
        (lambda: chosen_arms([1.0], [0.5, 0.5]), r"units\[0\] is 1\.0"),
        (lambda: hashed_units([1.5], salt=""), "whole numbers or texts"),
    ],
)
def test_impossible_assignments_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
