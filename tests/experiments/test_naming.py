"""Keys composed from the workspace's pattern."""

import pytest

from experiments.models.experiment import KEY_PATTERN
from experiments.naming import LONGEST, composed_key, free_key

PATTERN = "{quarter}-{pod}-{channel}-{title}"


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        (("2027q1", "loyalty", "email", "Thank-you note"), "2027q1-loyalty-email-thank-you-note"),
        (("2027q1", "", "", "Thank you!"), "2027q1-thank-you"),
        (("2027q1", "Leser treu", "in_app", "Größe & Länge: ½"), "2027q1-leser-treu-in-app-grosse-lange-12"),
        (("", "", "", "感谢"), "experiment"),
        (("2027q1", "", "", "{title}"), "2027q1-title"),
    ],
)
def test_composed_key_keeps_letters_digits_and_single_hyphens(parts, key):
    quarter, pod, channel, title = parts

    assert composed_key(PATTERN, quarter=quarter, pod=pod, channel=channel, title=title) == key


def test_composed_key_takes_any_pattern():
    assert composed_key("EXP_{title}", quarter="x", pod="x", channel="x", title="Noon letter") == "exp-noon-letter"


def test_a_long_key_is_cut_between_words_and_can_be_used():
    key = composed_key(PATTERN, quarter="2027q1", pod="loyalty", channel="email", title="wordy " * 40)

    assert len(key) <= LONGEST
    assert key.endswith("-wordy")
    assert KEY_PATTERN.match(key)


def test_a_long_word_is_cut_inside():
    assert composed_key("{title}", quarter="", pod="", channel="", title="x" * 300) == "x" * LONGEST


def test_free_key_counts_on_from_those_that_are_taken():
    assert free_key("note", {"other"}) == "note"
    assert free_key("note", {"note", "note-2"}) == "note-3"


def test_free_key_of_a_long_one_stays_within_the_limit():
    taken = "x" * LONGEST

    assert free_key(taken, {taken}) == "x" * (LONGEST - 2) + "-2"
