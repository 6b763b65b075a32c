import numpy as np
import pytest

from experiments.stats import Look, due_look, information_from_customers, information_from_errors


def test_a_daily_analysis_takes_each_look_once_and_the_final_one_at_the_end():
    taken: list[Look] = []
    for day in range(1, 31):
        look = due_look(day / 30, planned_looks=5, taken=taken)
        taken += [look] if look else []
    last = due_look(1.0, planned_looks=5, taken=taken, is_over=True)

    assert [(look.number, look.information) for look in taken] == [(1, 0.2), (2, 0.4), (3, 0.6), (4, 0.8)]
    assert last == Look(5, 1.0, is_final=True)
    assert due_look(1.0, planned_looks=5, taken=[*taken, last], is_over=True) is None


def test_an_analysis_that_passes_several_looks_takes_the_last_of_them():
    assert due_look(0.71, planned_looks=5) == Look(3, 0.71, is_final=False)
    assert due_look(0.99, planned_looks=5) == Look(4, 0.99, is_final=False)


def test_an_analysis_that_passes_nothing_is_no_look():
    assert due_look(0.19, planned_looks=5) is None
    assert due_look(0.0, planned_looks=5, is_over=True) is None
    assert due_look(0.35, planned_looks=5, taken=[Look(1, 0.2, is_final=False)]) is None


def test_an_analysis_that_adds_next_to_nothing_is_no_look():
    taken = [Look(1, 0.398, is_final=False)]
    assert due_look(0.4, planned_looks=5, taken=taken) is None
    assert due_look(0.403, planned_looks=5, taken=taken) == Look(2, 0.403, is_final=False)


def test_information_that_shrinks_counts_as_what_it_was():
    taken = [Look(2, 0.5, is_final=False)]
    assert due_look(0.45, planned_looks=5, taken=taken, is_over=True) == Look(5, 0.5, is_final=True)


def test_the_final_look_is_taken_whatever_the_share():
    assert due_look(0.3, planned_looks=5, is_over=True) == Look(5, 0.3, is_final=True)
    assert due_look(1.4, planned_looks=1, is_over=True) == Look(1, 1.4, is_final=True)
    assert due_look(0.9, planned_looks=1) is None


def test_a_look_beyond_the_plan_spends_everything_and_is_the_last():
    early = due_look(1.05, planned_looks=5)
    assert early == Look(4, 1.05, is_final=False)
    assert due_look(1.2, planned_looks=5, taken=[early], is_over=True) is None


@pytest.mark.parametrize(("information", "planned"), [(np.nan, 5), (0.5, 0), (0.5, 2.5)])
def test_impossible_plans_are_refused(information, planned):
    with pytest.raises(ValueError, match=r"(information|planned_looks) is"):
        due_look(information, planned_looks=planned)


def test_information_from_customers_and_from_errors():
    np.testing.assert_allclose(information_from_customers([0, 500, 1200], 1000), [0.0, 0.5, 1.2])
    np.testing.assert_allclose(information_from_errors([np.nan, 0.2, 0.25, 0.1], 0.1), [0.0, 0.25, 0.25, 1.0])
    np.testing.assert_allclose(information_from_errors(0.2, 0.1), 0.25)
    with pytest.raises(ValueError, match="se"):
        information_from_errors([0.2, 0.0], 0.1)
