"""All 4,873 headline tests of the Upworthy Research Archive, visitors randomised evenly among the packages."""

from functools import cache

import numpy as np
import pytest

from experiments.stats import Counts, Status, newcombe, proportion_lift, same_share_test, sample_ratio_test
from tests.experiments.stats.builders import table

pytestmark = pytest.mark.slow

# The weeks whose randomisation the archive's authors warn about, from the 25th of 2013 to the first of 2014.
FAULTY = ("201325", "201401")


@cache
def archive() -> dict[int, tuple[np.ndarray, Counts]]:
    """Weeks and counts (test, package) of all tests, by their number of packages."""
    data = table("upworthy_exploratory_packages.csv.gz")
    _, first, test = np.unique(data["clickability_test_id"], return_index=True, return_inverse=True)
    size, order = np.bincount(test), np.argsort(test, kind="stable")
    groups = {}
    for count in np.unique(size):
        rows = order[size[test[order]] == count].reshape(-1, count)
        n, clicks = (data[name].astype(float)[rows] for name in ("impressions", "clicks"))
        groups[int(count)] = (data["test_week"][first[size == count]], Counts(n, clicks))
    return groups


def test_sample_ratio_alarm_finds_the_weeks_the_authors_warn_about():
    weeks = np.concatenate([week for week, _ in archive().values()])
    p = np.concatenate([sample_ratio_test(c.n, np.full(k, 1 / k)).p for k, (_, c) in archive().items() if k > 1])
    assert (len(weeks), np.isnan(p).any()) == (4873, False)

    is_faulty = (weeks >= FAULTY[0]) & (weeks <= FAULTY[1])
    inside, outside = ((p[chosen] < 0.001).mean() for chosen in (is_faulty, ~is_faulty))

    assert inside > 0.6
    assert outside < 0.01


def test_every_package_of_every_test_gets_an_answer_or_a_reason():
    answered = 0
    for _, counts in archive().values():
        control, treatments = counts.split()
        for found in (newcombe(control, treatments), proportion_lift(control, treatments)):
            told = np.isin(found.status, [Status.OK, Status.APPROXIMATION_WEAK])
            np.testing.assert_array_equal(np.isfinite(found.low), told)
            assert (found.low[told] <= found.estimate[told]).all()
            assert (found.estimate[told] <= found.high[told]).all()
            answered += told.sum()
    assert answered > 2 * 0.99 * (22_666 - 4873)


def test_headlines_differ_far_more_often_than_chance():
    p = np.concatenate([same_share_test(counts).p for _, counts in archive().values()])
    assert (p < 0.05).mean() > 0.2
