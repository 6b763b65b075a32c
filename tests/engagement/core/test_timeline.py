"""Bars over a capacity, placed by hand."""

import pytest

from engagement.core.figures.still import Box, Line, Word
from engagement.core.figures.timeline import Lane, Span, Week, Words, timeline

WORDS = Words(("Customers", "a week"), "free", "today")


def drawn(lanes, weeks, *, today=None) -> dict:
    found = timeline(lanes, weeks, today=today, words=WORDS, tick=lambda value: f"{value:g}")
    return {drawing.name: drawing for drawing in found}


def week(booked=0.0, planned=0.0, free=10.0) -> Week:
    return Week("5", "Jan", booked, planned, free)


def test_a_bar_spans_its_weeks_and_stops_at_the_edges():
    # Ten weeks on (940 − 4 − 156) px: 78 each.
    spans = [Span("Whole", -3, 20, "ended"), Span("Two weeks", 1, 3, "running", planned=(2, 5))]

    broad = drawn([Lane("Goal", "Pod", spans)], [week()] * 10)["broad"]

    assert broad.boxes == [Box(156.0, 30.0, 780.0, 22.0, "ended"), Box(234.0, 62.0, 156.0, 22.0, "running")]
    assert broad.above[0] == Line(312.0, 88.0, 546.0, 88.0, "was")


def test_words_that_do_not_fit_their_bar_go_behind_it_or_before_it():
    label = "A label of some length"  # 22 letters, 151.8 px
    spans = [Span(label, 0, 9, "ended"), Span(label, 0, 1, "ended"), Span(label, 9, 10, "planned")]

    words = drawn([Lane("Goal", "Pod", spans)], [week()] * 10)["broad"].words

    assert [word for word in words if word.text == label] == [
        Word(164.0, 45.5, label, look="on-ended"),
        Word(240.0, 77.5, label, look="haloed"),
        Word(852.0, 109.5, label, "end", look="haloed"),
    ]


def test_what_is_over_the_capacity_is_hatched_and_the_rest_is_not():
    weeks = [week(booked=4, planned=3), week(booked=4, planned=9), week(booked=12)]

    broad = drawn([], weeks)["broad"]

    assert [box.kind for box in broad.boxes] == ["running", "planned", "running", "planned", "over", "running", "over"]
    heights = [box.height for box in broad.boxes]
    assert heights[3] / heights[2] == pytest.approx(6 / 4, abs=0.01)
    assert heights[4] / heights[2] == pytest.approx(3 / 4, abs=0.01)
    hatched = [line for line in broad.above if line.kind == "hatch"]
    for line in hatched:
        assert any(
            box.x <= line.x1 <= line.x2 <= box.x + box.width + 0.1 and box.y - 0.1 <= line.y2 <= line.y1
            for box in (broad.boxes[4], broad.boxes[6])
        )
    assert len(hatched) > 20


def test_a_capacity_that_changes_is_one_stepped_line():
    levels = [line for line in drawn([], [week(free=10), week(free=5)])["broad"].above if line.kind == "level"]

    first, second, step = levels
    assert (first.y1, first.x2, second.y1) == (first.y2, second.x1, second.y2)
    assert (step.x1, step.y1, step.y2) == (second.x1, first.y1, second.y1)


@pytest.mark.parametrize("name", ["broad", "wide", "mid", "narrow"])
def test_nothing_leaves_the_sheet_at_any_width(name):
    label = "A name that is far too long for any bar in this drawing, whatever its width may be" * 2
    spans = [Span(label, place, place + 0.2, "planned") for place in (0, 6, 12.9)]

    sheet = drawn([Lane(label, label, spans), Lane("Empty", "", [], "nothing")], [week()] * 13, today=12.5)[name]

    assert all(box.x >= 0 and box.x + box.width <= sheet.width for box in sheet.boxes)
    for word in sheet.words:
        width = 6.9 * len(word.text)
        start, end = (word.x - width, word.x) if word.anchor == "end" else (word.x, word.x + width)
        assert start >= -1, word
        assert end <= sheet.width + 1, word
        assert 0 < word.y < sheet.height
