from datetime import UTC, datetime, timedelta
from decimal import Decimal

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


@pytest.mark.parametrize(
    ("value", "written"),
    [(Decimal("7.0"), "7"), (Decimal(10), "10"), (Decimal("5.50"), "5.5"), (Decimal("1.25"), "1.25"), (None, "–")],
)
def test_exact_writes_the_digits_a_decimal_needs(value, written):
    assert formats.exact(value) == written


@pytest.mark.parametrize(
    ("left", "written"),
    [
        (timedelta(days=1, minutes=1), "Saturday 13 March, 16:01"),
        (timedelta(hours=2), "Friday 12 March, 18:00"),
        (timedelta(minutes=95), "95 minutes from now (Friday 12 March, 17:35)"),
        (timedelta(seconds=5), "1 minute from now (Friday 12 March, 16:00)"),
        (timedelta(minutes=-5), "Friday 12 March, 15:55"),
    ],
)
def test_deadline_tells_the_minutes_only_when_it_is_soon(left, written, monkeypatch):
    moment = datetime(2027, 3, 12, 16, tzinfo=UTC)
    monkeypatch.setattr(formats, "now", lambda: moment)

    assert formats.deadline(moment + left) == written


@pytest.mark.parametrize(
    ("written", "told"), [("More return ", "More return."), ("More return.", "More return."), ("", "")]
)
def test_sentence_ends_where_another_may_follow(written, told):
    assert formats.sentence(written) == told
