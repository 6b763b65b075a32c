"""The words of the demonstration: those of the glossary, and in an order that could have happened."""

import re
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from experiments.demonstration.calendar import Calendar, When
from experiments.demonstration.ideas import IDEAS
from experiments.demonstration.people import PEOPLE, PODS, TIME_ZONE
from experiments.demonstration.programme import EXPERIMENTS, SURPRISES, ExperimentText
from experiments.demonstration.rounds import FIRST_DAYS, ROUNDS, ballots

AVOIDED = re.compile(
    r"\b(users?|employees?|squads?|tribes?|teams?|subscribers?|recipients?|tests?|trials?|campaigns?|winners?|wins?|"
    r"significan\w+|uplifts?|churn\w*|segments?|roadmaps?|baselines?|arms?|targets?|priorit\w+|features?|tickets?|"
    r"funnels?|creatives?|impressions?|post-mortems?|takeaways?|insights?|votes?)\b",
    re.IGNORECASE,
)
A_YEAR = [date(2026, 9, 20) + timedelta(days=number) for number in range(400)]


def texts(value: object) -> list[str]:
    """Every text in a tree of dataclasses, tuples and dictionaries."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return texts(list(value.values()))
    if isinstance(value, tuple | list):
        return [text for part in value for text in texts(part)]
    if is_dataclass(value):
        return [text for field in fields(value) for text in texts(getattr(value, field.name))]
    return []


def test_texts_use_the_words_of_the_glossary():
    written = texts([IDEAS, PODS, ROUNDS, EXPERIMENTS, SURPRISES])

    assert len(written) > 500
    assert [text for text in written if AVOIDED.search(text)] == []


def test_learnings_fit_their_column():
    learnings = [text.conclusion.learning for text in EXPERIMENTS if text.conclusion]
    learnings += [surprise.learning for surprise in SURPRISES.values()]

    assert max(map(len, learnings)) <= 300


def test_every_verdict_has_words_for_a_surprise():
    assert set(SURPRISES) == {"better", "worse", "no clear difference", "not enough data yet", "invalid"}


def test_people_named_anywhere_exist():
    keys = {person.key for person in PEOPLE}
    named = {idea.author for idea in IDEAS} | {voter for idea in IDEAS for voter in idea.comments}
    named |= {idea.declined.by for idea in IDEAS if idea.declined}
    named |= {voter for one in ROUNDS for voter in one.scored} | {one.opened_by for one in ROUNDS}
    named |= {text.planned_by for text in EXPERIMENTS} | {text.launched_by for text in EXPERIMENTS} - {""}
    named |= {text.conclusion.by for text in EXPERIMENTS if text.conclusion}

    assert named <= keys


def life(text: ExperimentText) -> list[When]:
    """An experiment's moments in the order in which they must come."""
    idea = next(idea for idea in IDEAS if idea.key == text.idea)
    voting_round = next(one for one in ROUNDS if text.idea in one.ideas)
    moments = [idea.added, voting_round.opens, voting_round.closes, text.planned, text.starts, text.ended]
    moments += [text.read_on, text.conclusion.when if text.conclusion else None]
    return [moment for moment in moments if moment is not None]


@pytest.mark.parametrize("slug", [text.slug for text in EXPERIMENTS])
def test_an_experiment_lives_in_order_whatever_day_it_is(slug: str):
    text = next(text for text in EXPERIMENTS if text.slug == slug)
    for today in A_YEAR:
        calendar = Calendar(today, ZoneInfo(TIME_ZONE))
        moments = [calendar.moment(when) for when in life(text)]
        assert moments == sorted(moments), today
        is_past = [calendar.day(when) < today for when in life(text)]
        assert all(is_past) or not text.launched_by, today


@pytest.mark.parametrize("text", [text for text in EXPERIMENTS if text.ended], ids=lambda text: text.slug)
def test_a_readout_is_made_when_every_window_has_closed(text: ExperimentText):
    for today in A_YEAR:
        calendar = Calendar(today, ZoneInfo(TIME_ZONE))
        read_on = calendar.day(text.read_on) if text.read_on else today
        assert read_on >= calendar.day(text.ended) + timedelta(days=14), today


def test_decisions_of_the_last_full_quarter_lie_in_it():
    for today in A_YEAR:
        calendar = Calendar(today, ZoneInfo(TIME_ZONE))
        quarter = calendar.last_full_quarter
        made = [calendar.day(text.conclusion.when) for text in EXPERIMENTS if text.conclusion]
        inside = [day for day in made if quarter.first_day <= day < quarter.first_day_after]
        assert len(inside) >= 5, today


def test_ideas_and_ballots_are_no_older_or_younger_than_they_may_be():
    for today in A_YEAR:
        calendar = Calendar(today, ZoneInfo(TIME_ZONE))
        for idea in IDEAS:
            assert calendar.day(idea.added) < today
            assert idea.declined is None or idea.added != idea.declined.when
        for one in ROUNDS:
            last_ballot = calendar.moment(one.opens) + timedelta(days=FIRST_DAYS)
            assert last_ballot < calendar.moment(one.closes)
            assert all(calendar.moment(_idea(key).added) < calendar.moment(one.opens) for key in one.ideas), today
            assert (calendar.day(one.closes) < today) == one.is_closed
            assert calendar.day(one.opens) + timedelta(days=FIRST_DAYS) <= today


def _idea(key: str):
    return next(idea for idea in IDEAS if idea.key == key)


def test_ballots_are_within_their_scales_and_the_same_for_the_same_seed():
    cast = ballots(1, seed=5)

    assert cast == ballots(1, seed=5) != ballots(1, seed=6)
    assert len(cast) == sum(ROUNDS[1].scored.values())
    scores = {score for one in cast for score in (one.impact, one.confidence, one.ease)}
    assert scores <= {None, *range(1, 11)}
    assert all(timedelta() < one.after < timedelta(days=FIRST_DAYS) for one in cast)
    assert len({(one.idea, one.voter) for one in cast}) == len(cast)
