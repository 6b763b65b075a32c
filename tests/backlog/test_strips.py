"""Where dots stand."""

from backlog.scoring import summarise_scale
from backlog.strips import HIGHEST_STACK, Point, draw, draw_nameless


def strip_of(*scores: int):
    return draw([Point(score) for score in scores], summarise_scale(scores))


def test_each_number_stands_in_the_middle_of_its_tenth():
    assert strip_of(1).ticks == [(number, 10 * number - 5) for number in range(1, 11)]


def test_equal_scores_are_stacked_and_others_stand_on_the_axis():
    strip = strip_of(4, 7, 7, 7)

    assert [dot.x for dot in strip.dots] == [35, 65, 65, 65]
    first, *stack = [dot.y for dot in strip.dots]
    assert first == stack[0]
    assert stack[0] - stack[1] == stack[1] - stack[2] > 0
    assert min(stack) > 0


def test_median_and_middle_half_stand_where_their_numbers_are():
    strip = strip_of(2, 4, 9)  # median 4, quartiles 3 and 6.5

    assert (strip.median_x, strip.band_x + 2, strip.band_width - 4) == (35, 25, 35)


def test_a_stack_of_two_hundred_stays_in_its_frame():
    strip = strip_of(*[5] * 200)

    assert strip.height < HIGHEST_STACK + 60
    assert min(dot.y for dot in strip.dots) > 0


def test_without_names_each_number_is_a_stack_and_ones_own_score_the_dot_at_its_foot():
    named, nameless = strip_of(4, 7, 7, 7, 9), draw_nameless(summarise_scale([4, 7, 7, 7, 9]), mine=7)

    heights = sorted({dot.y for dot in named.dots}, reverse=True)
    assert [(one.x, one.bottom, one.top) for one in nameless.stacks] == [
        (35, heights[0], heights[0]),
        (65, heights[1], heights[2]),
        (85, heights[0], heights[0]),
    ]
    assert {one.step for one in nameless.stacks} == {heights[0] - heights[1]}
    assert [(dot.x, dot.y, dot.point.is_mine) for dot in nameless.dots] == [(65, heights[0], True)]
    assert (nameless.height, nameless.median_x, nameless.band_x) == (named.height, named.median_x, named.band_x)


def test_without_names_ones_own_score_alone_leaves_no_stack_and_an_abstention_no_dot():
    assert [one.x for one in draw_nameless(summarise_scale([2, 5, 5]), mine=2).stacks] == [45]
    assert draw_nameless(summarise_scale([2, 5, 5]), mine=None).dots == []


def test_nothing_scored_draws_an_axis_alone():
    strip = strip_of()

    assert (strip.dots, strip.median_x, strip.band_x) == ([], None, None)


def test_an_earlier_rounds_dots_stand_above_and_are_joined_to_the_same_voters():
    first = [Point(2, voter=1), Point(2, voter=2), Point(9, voter=3)]
    second = [Point(4, voter=1), Point(5, voter=2), Point(5, voter=4)]

    strip = draw(second, summarise_scale([4, 5, 5]), earlier=first)

    assert [(before.x, after.x, before.point.voter) for before, after in strip.moves] == [(15, 35, 1), (15, 45, 2)]
    assert all(before.point.voter == after.point.voter for before, after in strip.moves)
    assert max(dot.y for dot in strip.earlier) < strip.top < min(dot.y for dot in strip.dots)
    assert [dot.point.score for dot in strip.earlier] == [2, 2, 9]
    assert strip.row_height == draw(second, summarise_scale([4, 5, 5])).axis_y
