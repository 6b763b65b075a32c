"""Every component in every state, on one page: seen by a real browser under the real content policy."""

import pytest

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
