"""What the columns of a results file probably mean."""

import pytest

from experiments import results_guess

HEADER = ["customer", "Segment", "zip", "visit", "spend"]
ROWS = [["1", "Mens E-Mail", "Rural", "0", "0"], ["2", "No E-Mail", "Urban", "1", "3.5"], ["3", "", "Urban", "", "x"]]


def test_the_variant_column_is_found_by_its_name_and_few_values():
    assert results_guess.variant_column(HEADER, ROWS) == "Segment"
    assert results_guess.variant_column(["arm"], [["same"]]) == ""
    assert results_guess.variant_column(["arm"], [[str(number)] for number in range(11)]) == ""
    assert results_guess.variant_column(["spend"], [["1"], ["2"]]) == ""


@pytest.mark.parametrize(
    ("values", "control"),
    [(["A", "Control"], "Control"), (["Mens E-Mail", "No E-Mail"], "No E-Mail"), (["A", "B"], "")],
)
def test_the_control_is_the_value_that_sounds_like_one(values, control):
    assert results_guess.control_of(values) == control


def test_names_agree_whatever_their_capitals_and_blanks():
    assert results_guess.column_named(["Spend 14", "spend_7"], "spend-14") == "Spend 14"
    assert results_guess.column_named(["Spend 14"], "spend") == ""


def test_all_words_are_those_that_could_name_variants():
    assert results_guess.all_words(HEADER, ROWS) == ["Mens E-Mail", "No E-Mail", "Rural", "Urban", "x"]
