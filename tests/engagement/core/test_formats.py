import pytest

from engagement.core.templatetags import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (0.5, "0.500"),
        (12.345, "12.3"),
        (64000, "64,000"),
        (-7.25, "−7.25"),
        (1234567, "1,230,000"),
    ],
)
def test_a_number_has_three_digits_that_count(value, text):
    assert formats.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.048, "+0.0480"), (-0.5, "−0.500"), (0, "0"), (None, "–")])
def test_a_difference_shows_its_sign(value, text):
    assert formats.signed(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.2, "1 s"), (20, "20 s"), (59.6, "1 min"), (185, "3 min"), (7500, "2 h 5 min")],
)
def test_a_duration_is_said_as_people_say_it(seconds, text):
    assert formats.duration(seconds) == text
