import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import Counts, Status, same_share_test


def test_chi_square_agrees_with_scipy():
    n, some = np.array([500, 480, 530]), np.array([20, 35, 24])
    peer = scipy_stats.chi2_contingency([some, n - some], correction=False)
    found = same_share_test(Counts(n, some))
    assert (float(found.statistic), float(found.df), float(found.p)) == pytest.approx(
        (peer.statistic, peer.dof, peer.pvalue), rel=1e-12
    )


def test_variants_without_customers_do_not_count():
    found, plain = same_share_test(Counts([50, 0, 60], [10, 0, 20])), same_share_test(Counts([50, 60], [10, 20]))
    assert (float(found.statistic), float(found.df)) == (float(plain.statistic), 1.0)


def test_what_cannot_be_told_is_named():
    found = same_share_test(Counts([[90, 0], [90, 80], [90, 80], [90, 80]], [[9, 0], [0, 0], [3, 1], [30, 20]]))
    words = [Status.EMPTY_ARM, Status.NO_VARIATION, Status.APPROXIMATION_WEAK, Status.OK]
    assert list(found.status) == words
    np.testing.assert_array_equal(np.isnan(found.p), [True, True, False, False])
