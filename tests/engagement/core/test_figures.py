import pytest

from engagement.core.figures import Group, Interval, forest


def test_a_forest_has_one_trace_a_variant_and_one_row_a_line():
    figure = forest(
        [
            Group("Primary", [Interval("A", 2.0, 1.0, 4.0, 1, "+2.0%", "+1.0 to +4.0%", "▲ Better")], band=(-1, 1)),
            Group("Secondary", [Interval("A", 5.0, 3.0, 6.0, 1), Interval("B", -1.0, -2.0, 3.0, 2)]),
        ],
        unit="%",
    )

    assert [(trace["x"], trace["y"], trace["marker"]["color"]) for trace in figure["data"]] == [
        ([2.0, 5.0], [-1, -3], "var(--v1)"),
        ([-1.0], [-4], "var(--v2)"),
    ]
    assert [trace["error_x"]["array"] for trace in figure["data"]] == [[2.0, 1.0], [4.0]]
    assert [trace["error_x"]["arrayminus"] for trace in figure["data"]] == [[1.0, 2.0], [1.0]]
    assert [(row["y"], row["label"], row["is_head"]) for row in figure["rows"]] == [
        (0, "Primary", True),
        (-1, "A", False),
        (-2, "Secondary", True),
        (-3, "A", False),
        (-4, "B", False),
    ]


def test_the_band_covers_its_own_group_and_the_zero_line_all():
    figure = forest([Group("One", [Interval("A", 1, 0, 2)] * 2, band=(-1, 1)), Group("Two", [Interval("A", 1, 0, 2)])])

    band, zero = figure["layout"]["shapes"]
    assert (band["name"], band["y0"], band["y1"], band["x0"], band["x1"]) == ("band", -0.5, -2.5, -1, 1)
    assert (zero["name"], zero["yref"], zero["x0"]) == ("zero", "paper", 0.0)


def test_a_row_without_an_estimate_keeps_its_words_and_draws_nothing():
    figure = forest([Group("", [Interval("A", None, None, None, value_words="no estimate")])])

    assert figure["data"] == []
    assert figure["rows"][0]["value"] == "no estimate"


def test_the_axis_holds_everything_with_a_little_air_and_names_round_numbers():
    axis = forest([Group("", [Interval("A", 7.3, -1.0, 49.0)])], unit="%")["layout"]["xaxis"]

    assert axis["range"] == [-3.0, 51.0]
    assert axis["tickvals"] == [0, 10, 20, 30, 40, 50]
    assert axis["ticktext"] == ["0", "+10%", "+20%", "+30%", "+40%", "+50%"]


def test_no_tick_lies_beyond_what_is_drawn():
    axis = forest([Group("", [Interval("A", 109, -19, 785)])], unit="%")["layout"]["xaxis"]

    assert axis["ticktext"] == ["0", "+200%", "+400%", "+600%", "+800%"]


@pytest.mark.parametrize(
    ("interval", "texts"),
    [
        ((0.0, -0.1, 0.15), ["−0.10", "−0.05", "0", "+0.05", "+0.10", "+0.15"]),
        ((0.2, -0.5, 0.9), ["−0.5", "0", "+0.5"]),
        ((50.0, -10.0, 115.0), ["0", "+25", "+50", "+75", "+100"]),
    ],
)
def test_ticks_show_as_many_places_as_their_step_needs(interval, texts):
    assert forest([Group("", [Interval("A", *interval)])])["layout"]["xaxis"]["ticktext"] == texts


def test_levels_have_no_zero_line_and_no_plus():
    figure = forest([Group("", [Interval("Control", 1.84, 1.62, 2.06, 0)])], unit="EUR", zero=None)

    assert figure["layout"]["shapes"] == []
    assert figure["layout"]["xaxis"]["ticktext"][0] == "1.7\N{NO-BREAK SPACE}EUR"
    assert figure["data"][0]["marker"]["symbol"] == "square"


def test_heights_are_those_the_script_will_draw():
    figure = forest(
        [Group("One", [Interval("A", 1, 0, 2)])], columns=("Lift", "Verdict"), axis_words=("worse", "better")
    )

    assert figure["heights"] == {"wide": round(2.2 * 30) + 28 + 52, "narrow": round(2.2 * 46) + 4 + 52}
