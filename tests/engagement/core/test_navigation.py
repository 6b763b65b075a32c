import pytest
from django.urls import resolve

from engagement.core.navigation import PLACES, Place, places


def test_every_place_shown_leads_to_a_page():
    assert "settings" in {place.key for place in places()}
    for place in places():
        resolve(place.path)


def test_the_bottom_bar_has_room_for_four_and_more():
    assert [place.key for place in PLACES if place.in_bar] == ["home", "ideas", "rounds", "experiments"]


@pytest.mark.parametrize(
    ("own", "path", "is_current"),
    [("/", "/", True), ("/", "/ideas/", False), ("/ideas/", "/ideas/7/", True), ("/ideas/", "/rounds/", False)],
)
def test_a_place_is_current_on_its_own_pages(own, path, is_current):
    assert Place("x", "X", "house", own).is_current(path) is is_current


def test_goals_belong_to_the_calendar():
    assert [place.key for place in PLACES if place.is_current("/goals/2026-Q4/")] == ["calendar"]
