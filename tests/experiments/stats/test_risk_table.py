import numpy as np
import pytest

from experiments.stats import RiskTable


def test_table_of_times_counts_who_is_there_before_each_day():
    found = RiskTable.from_times([2, 5, 5, 9], [1, 1, 0, 0])
    np.testing.assert_array_equal(found.day, [2, 5, 9])
    np.testing.assert_array_equal(found.at_risk, [4, 3, 1])
    np.testing.assert_array_equal(found.events, [1, 1, 0])
    assert (float(found.customers), float(found.last_day)) == (4.0, 9.0)


def test_groups_share_one_grid_of_days():
    found = RiskTable.from_times([2, 5, 7], [1, 0, 1], group=[0, 1, 1])
    np.testing.assert_array_equal(found.at_risk, [[1, 0, 0], [2, 2, 1]])
    np.testing.assert_array_equal(found.last_day, [2, 7])


def test_late_entries_are_at_risk_only_after_their_entry():
    found = RiskTable.from_times([4, 6, 8], [1, 1, 1], entries=[0, 4, 5])
    np.testing.assert_array_equal(found.at_risk, [1, 2, 1])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (([0, 3, 3], [5, 4, 3], [1, 0, 0]), r"day\[2\] is 3.0: days must rise"),
        (([-1, 3], [5, 4], [1, 0]), r"day\[0\] is -1.0"),
        (([1, 3], [5, 4], [1, 5]), r"events\[1\] is 5.0: must not exceed at_risk"),
        (([1, 3], [5, 4, 3], [1, 0, 0]), r"shapes do not broadcast"),
        (([], [], []), "at least one entry"),
    ],
)
def test_impossible_tables_are_refused(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        RiskTable(*fields)
