"""Every component in every state, on one page: seen by a real browser under the real content policy."""

import re
from pathlib import Path

import pytest

from engagement.core.finders import PackageAssets
from tests.factories import MemberFactory, PodFactory


@pytest.fixture
def specimen(settings, sign_in):
    settings.ROOT_URLCONF = "tests.browser.specimen"
    member = MemberFactory(discipline="design")
    PodFactory(name="Reader loyalty", members=[member])
    sign_in(member)


@pytest.mark.parametrize("width", [1280, 800, 360])
def test_components_in_light_and_dark_are_accessible_and_keep_to_the_policy(specimen, visit, look, page, width):
    visit("/specimen/", width=width)
    page.locator(".js-plotly-plot .main-svg").first.wait_for()

    look("specimen")


@pytest.mark.parametrize("width", [1280, 360])
def test_a_report_stands_alone_without_a_script(specimen, visit, look, page, width):
    visit("/specimen/report/", width=width)

    assert page.locator("script, nav, form").count() == 0
    look("report")


def test_a_scale_says_what_the_chosen_number_means(specimen, visit, page):
    visit("/specimen/", width=360)
    impact = page.locator("#scale-impact")
    said = impact.locator("[data-scale-choice]")

    impact.get_by_label("4", exact=True).check()
    assert said.text_content() == "4: the goal moves a little, over a year."

    impact.get_by_label("5", exact=True).check()
    assert said.text_content() == (
        "5: between “the goal moves a little, over a year” and “the goal moves visibly within a quarter”"
    )

    impact.get_by_label("Cannot judge").check()
    assert said.text_content() == ""
    assert impact.locator("input[type=radio]:checked").count() == 0

    impact.get_by_label("10", exact=True).check()
    assert not impact.get_by_label("Cannot judge").is_checked()


def test_a_scale_is_large_enough_for_a_thumb(specimen, visit, page):
    visit("/specimen/", width=360)

    boxes = page.locator("#scale-impact .scale-steps label").evaluate_all(
        "labels => labels.map((label) => label.getBoundingClientRect()).map(({width, height}) => [width, height])"
    )

    assert len(boxes) == 10
    assert min(min(box) for box in boxes) >= 44


def test_charts_take_the_colours_of_the_theme_and_change_with_it(specimen, visit, page):
    visit("/specimen/")
    lift = page.locator("[data-figure=forest-data] .points path").first
    lift.wait_for()

    page.emulate_media(color_scheme="light")
    page.wait_for_function("mark => getComputedStyle(mark).fill === 'rgb(0, 114, 178)'", arg=lift.element_handle())
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-figure=forest-data] .points path')]"
        ".some((mark) => getComputedStyle(mark).fill === 'rgb(78, 168, 224)')"
    )


def test_charts_put_words_beside_lines_on_a_desk_and_above_them_on_a_phone(specimen, visit, page):
    label = "() => [...document.querySelectorAll('[data-figure=forest-data] text')].find((word) => word.textContent === 'A: thank-you note').getBoundingClientRect()"  # noqa: E501
    mark = "() => document.querySelector('[data-figure=forest-data] .points path').getBoundingClientRect()"

    visit("/specimen/")
    page.locator("[data-figure=forest-data] .points path").first.wait_for()
    desk_label, desk_mark = page.evaluate(label), page.evaluate(mark)
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_function("document.querySelector('[data-figure=forest-data] .main-svg').clientWidth < 360")
    phone_label, phone_mark = page.evaluate(label), page.evaluate(mark)

    assert desk_label["top"] < desk_mark["top"] < desk_label["bottom"]
    assert desk_label["right"] < desk_mark["left"]
    assert phone_label["bottom"] <= phone_mark["top"]


def test_a_chart_keeps_its_room_before_it_is_drawn(specimen, visit, page):
    for width in (1280, 360):
        visit("/specimen/", width=width)
        page.locator("[data-figure=forest-data] .main-svg").first.wait_for()
        heights = page.evaluate(
            """() => {
              const chart = document.querySelector("[data-figure=forest-data]");
              const rooms = [...chart.querySelectorAll("[class^=room]")].map((room) => room.getBoundingClientRect());
              return [chart.querySelector(".drawing").clientHeight, Math.max(...rooms.map((room) => room.height))];
            }"""
        )
        assert abs(heights[0] - heights[1]) <= 1


def test_names_in_a_chart_are_text_and_never_markup(specimen, visit, page):
    visit("/specimen/")

    page.locator("[data-figure=curve-data] text", has_text="<b>A</b> & <a href='/'>B</a>").wait_for()
    assert page.locator(".js-plotly-plot :is(tspan[style], a)").count() == 0


def test_the_style_of_plotly_s_maps_is_stood_in_for_under_its_present_id():
    """Plotly names it by a hash of the map library's version: after an upgrade, take the new one into _charts.html."""
    template = Path("templates/_charts.html").read_text()
    bundle = (PackageAssets().folder / "plotly.min.js").read_text()

    named = re.search(r'<template id="([0-9a-f]{64})">', template)[1]
    assert f'getElementById("{named}")' in bundle
    assert "plotly.js-style-" in bundle
    assert "no-inline-styles" in bundle
