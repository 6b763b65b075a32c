"""The simulation: reproducible, and doing to readers what its reactions say."""

import numpy as np
import pytest

from experiments.demonstration.simulate import DAY_S, Happenings, Reaction, Run, Story, simulate

LETTER = Run(
    first_day=10, end_day=31, channel="email", reach=0.9, shares=(0.5, 0.5),
    reactions=(Reaction(supporting=0.02), Reaction(reading=1.6, supporting=0.2, leaving=0.1)),
)  # fmt: skip
CARD = Run(
    first_day=20, end_day=34, channel="in_app", reach=0.8, shares=(0.4, 0.3, 0.3),
    reactions=(Reaction(), Reaction(), Reaction(unrecorded=0.5)),
)  # fmt: skip


@pytest.fixture(scope="module")
def story() -> Story:
    return simulate(count=6_000, seed=1, days=70, runs=[LETTER, CARD])


def share(story: Story, event: str, *, after_days: int = 0, window_days: int = 14) -> np.ndarray:
    """Per variant of the letter, the share of its readers with the event in that window."""
    letter, happened = story.exposures[0], story.events[event]
    met = np.full(6_000, -1)
    met[letter.reader] = letter.at
    since = happened.at - met[happened.reader]
    is_in = (met[happened.reader] >= 0) & (since >= after_days * DAY_S) & (since < window_days * DAY_S)
    did = np.zeros(6_000, bool)
    did[happened.reader[is_in]] = True
    return np.array([did[letter.reader[letter.variant == variant]].mean() for variant in (0, 1)])


def test_the_same_seed_tells_the_same_story():
    once, again, other = (simulate(count=500, seed=seed, days=40, runs=[LETTER, CARD]) for seed in (1, 1, 2))

    for name, happened in once.events.items():
        assert np.array_equal(happened.reader, again.events[name].reader)
        assert np.array_equal(happened.at, again.events[name].at)
    assert not np.array_equal(once.events["session"].at, other.events["session"].at)


def test_a_longer_story_begins_as_a_shorter_one():
    short, long = (simulate(count=500, seed=1, days=days, runs=[LETTER, CARD]) for days in (36, 50))

    visits = long.events["session"]
    is_early = visits.at < 36 * DAY_S
    assert np.array_equal(visits.reader[is_early], short.events["session"].reader)
    assert np.array_equal(visits.at[is_early], short.events["session"].at)
    for one, other in zip(long.exposures, short.exposures, strict=True):
        assert np.array_equal(one.reader, other.reader)


def test_each_reader_meets_an_experiment_once_and_within_its_days(story: Story):
    for exposures, run in zip(story.exposures, (LETTER, CARD), strict=True):
        assert len(np.unique(exposures.reader)) == len(exposures.reader) > 1_500
        assert exposures.at.min() >= run.first_day * DAY_S
        assert exposures.at.max() < run.end_day * DAY_S


def test_readers_are_in_several_experiments(story: Story):
    assert len(np.intersect1d(story.exposures[0].reader, story.exposures[1].reader)) > 1_000


def test_shares_are_as_planned_but_for_exposures_that_get_lost(story: Story):
    letters, cards = (np.bincount(one.variant) for one in story.exposures)

    assert letters / letters.sum() == pytest.approx([0.5, 0.5], abs=0.03)
    assert cards[1] / cards[0] == pytest.approx(0.75, abs=0.06)
    assert cards[2] / cards[1] == pytest.approx(0.5, abs=0.06)


def test_a_card_is_met_during_a_visit(story: Story):
    visits = set(zip(story.events["session"].reader.tolist(), story.events["session"].at.tolist(), strict=True))
    cards = story.exposures[1]

    assert set(zip(cards.reader.tolist(), cards.at.tolist(), strict=True)) <= visits


def test_readers_react_as_the_variant_says(story: Story):
    supports, leaves = share(story, "support"), share(story, "unsubscribe")
    reads = share(story, "session", after_days=7)

    assert supports == pytest.approx([0.025, 0.205], abs=0.02)
    assert leaves == pytest.approx([0.005, 0.105], abs=0.02)
    assert reads[1] - reads[0] > 0.05


def test_nobody_is_asked_who_supports_or_has_left(story: Story):
    for happened in (story.events["support"], story.events["unsubscribe"]):
        since = np.full(6_000, np.iinfo(np.int64).max)
        since[happened.reader] = happened.at
        letters = story.exposures[0]
        assert (letters.at < since[letters.reader]).all()


def test_money_comes_with_support_and_monthly_after_it(story: Story):
    payments, supports = story.events["payment"], story.events["support"]
    first = dict(zip(supports.reader.tolist(), supports.at.tolist(), strict=True))

    assert payments.value is not None
    assert payments.value.min() >= 2.0
    assert set(first) <= set(payments.reader.tolist())
    for reader, at in zip(payments.reader.tolist(), payments.at.tolist(), strict=True):
        assert reader not in first or (at - first[reader]) % (30 * DAY_S) == 0


def test_nothing_happens_after_the_last_day(story: Story):
    happened: list[Happenings] = list(story.events.values())

    assert all(one.at.min() >= 0 and one.at.max() < 70 * DAY_S for one in happened)
