"""Folding texts into words that both databases hold alike."""

import pytest

from experiments.search_words import MOST_WORDS, asked_words, folded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Für Käufer: 20% off!", "fur kaufer 20 off"),
        ("read_in_week_2", "read in week 2"),
        ("e-mail STRASSE Straße", "e mail strasse strasse"),
        ("2027q1-loyalty", "2027q1 loyalty"),
        ("早安 letter", "早 安 letter"),
        ('\' OR "x" * NEAR(', "or x near"),
        (" … ", ""),
    ],
)
def test_a_text_becomes_its_words(text, words):
    assert folded(text) == words


def test_each_word_is_asked_for_once_and_no_more_than_twenty():
    assert asked_words("Noon noon NOON beats") == ["noon", "beats"]
    assert len(asked_words(" ".join(f"word{number}" for number in range(50)))) == MOST_WORDS
