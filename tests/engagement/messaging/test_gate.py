"""May a message go out: reasons in their order, quiet hours that only delay, a cap that no clock change stretches."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.messaging.gate import Gate, Limits, Refusal, Standing, judge, over_cap, quiet_until

AT = datetime(2026, 7, 6, 12, tzinfo=UTC)
NIGHT = Limits(quiet_from=time(22), quiet_to=time(8))
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")]
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
CLOCK = st.times().map(lambda one: one.replace(microsecond=0))


@pytest.mark.parametrize(
    ("customer", "refusal"),
    [
        (Standing(is_erased=True, is_suppressed=True, has_consent=False, has_address=False), Refusal.ERASED),
        (Standing(is_suppressed=True, has_consent=False, has_address=False), Refusal.SUPPRESSED),
        (Standing(has_consent=False, has_address=False), Refusal.NO_CONSENT),
        (Standing(has_address=False, sent_at=[AT]), Refusal.NO_ADDRESS),
        (Standing(sent_at=[AT]), Refusal.CAP),
        (Standing(), None),
    ],
)
def test_the_first_reason_in_the_order_is_told(customer, refusal):
    assert judge(customer, Limits(most=1), at=AT, zone=UTC) == Gate(refusal)


def test_whoever_may_never_get_it_does_not_wait_for_the_morning():
    late = AT.replace(hour=23)

    assert judge(Standing(is_suppressed=True), NIGHT, at=late, zone=UTC) == Gate(Refusal.SUPPRESSED)
    assert judge(Standing(), NIGHT, at=late, zone=UTC) == Gate(not_before=datetime(2026, 7, 7, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("zone", "at", "until"),
    [
        ("Europe/Dublin", datetime(2026, 7, 6, 21, 30, tzinfo=UTC), datetime(2026, 7, 7, 7, tzinfo=UTC)),  # 22:30 there
        ("Europe/Dublin", datetime(2026, 7, 6, 20, 30, tzinfo=UTC), None),
        ("America/New_York", datetime(2026, 7, 7, 11, 59, tzinfo=UTC), datetime(2026, 7, 7, 12, tzinfo=UTC)),
        (
            "Europe/Dublin",
            datetime(2026, 10, 24, 22, tzinfo=UTC),
            datetime(2026, 10, 25, 8, tzinfo=UTC),
        ),  # an hour more
        ("Europe/Dublin", datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 7, tzinfo=UTC)),  # an hour less
    ],
)
def test_quiet_hours_are_the_customers_own(zone, at, until):
    assert quiet_until(NIGHT, at=at, zone=ZoneInfo(zone)) == until


@given(at=MOMENTS, begin=CLOCK, end=CLOCK, zone=st.sampled_from(ZONES))
def test_after_the_wait_it_is_quiet_no_more_and_the_wait_is_no_longer_than_a_day(at, begin, end, zone):
    limits = Limits(quiet_from=begin, quiet_to=end)
    until = quiet_until(limits, at=at, zone=zone)

    if until is None:
        return
    assert timedelta(0) <= until - at <= timedelta(hours=25)
    again = quiet_until(limits, at=until, zone=zone)
    # Where the clocks leave out the end or tell it twice, one more look is enough.
    assert again is None or quiet_until(limits, at=again, zone=zone) is None


@given(
    at=MOMENTS, before=st.lists(st.integers(0, 14 * 24 * 60), max_size=12), most=st.integers(1, 5),
    days=st.integers(1, 10),
)  # fmt: skip
def test_in_no_window_are_there_more_than_the_cap(at, before, most, days):
    """Whoever sends only what the gate lets through never goes over it, at any moment, across any change of clocks."""
    limits, sent = Limits(most=most, days=days), []
    for minutes in sorted(before, reverse=True):
        moment = at - timedelta(minutes=minutes)
        if not over_cap(sent, limits, at=moment):
            sent.append(moment)

    window = timedelta(days=limits.days)
    assert all(sum(end - window < one <= end for one in sent) <= most for end in sent)
    assert len(sent) >= min(len(before), most)


def test_a_message_a_week_old_to_the_second_counts_no_more():
    week = timedelta(days=7)

    assert not over_cap([AT - week], Limits(most=1), at=AT)
    assert over_cap([AT - week + timedelta(seconds=1)], Limits(most=1), at=AT)
    assert not over_cap([AT] * 50, Limits(), at=AT)
