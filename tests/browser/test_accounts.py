"""The doors in and the settings, in a real browser, on a desk and on a phone."""

import pytest
from playwright.sync_api import Locator, expect

from engagement.accounts.models import Invitation, Member
from engagement.accounts.services import invitations, people
from engagement.accounts.services.keys import make_key, revoke_key
from engagement.core.models import Job, JobState
from tests.factories import PASSWORD, MemberFactory, PodFactory

WIDTHS = pytest.mark.parametrize("width", [1280, 360])


@pytest.fixture
def administrator(sign_in):
    member = MemberFactory(administrator=True, name="Ada Lindt", discipline="design")
    PodFactory(name="Reader loyalty", slug="reader-loyalty", outcome="Week-2 activity", members=[member])
    sign_in(member)
    return member


@WIDTHS
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sign-in", "/accounts/login/"),
        ("password-reset", "/accounts/password/reset/"),
        ("password-reset-sent", "/accounts/password/reset/done/"),
        ("password-reset-old-link", "/accounts/password/reset/key/1-old/"),
        ("password-reset-over", "/accounts/password/reset/key/done/"),
        ("sign-up-closed", "/accounts/signup/"),
        ("sign-in-closed", "/accounts/inactive/"),
    ],
)
def test_doors_are_well_made(visit, look, width, name, path):
    visit(path, width=width)

    look(name)


@WIDTHS
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("settings", "/settings/"),
        ("profile", "/settings/profile/"),
        ("people", "/settings/people/"),
        ("api-keys", "/settings/keys/"),
        ("pod", "/settings/pods/reader-loyalty/"),
        ("pod-new", "/settings/pods/new/"),
        ("audit-trail", "/settings/audit/"),
        ("password-change", "/accounts/password/change/"),
        ("sign-out", "/accounts/logout/"),
    ],
)
def test_settings_are_well_made(administrator, visit, look, width, name, path):
    people.change_member(
        member=MemberFactory(name="Nora Quist"), role="reader", discipline="data", is_active=False, actor=administrator
    )
    invitations.invite(email="ben@example.org", role="member", discipline="data", pods=[], actor=administrator)
    make_key(name="Shop", kind="publishable", origins=["https://shop.example.org"], actor=administrator)
    revoke_key(key=make_key(name="Old server", kind="secret", actor=administrator)[0], actor=administrator)
    visit(path, width=width)

    look(name)


@WIDTHS
def test_a_member_page_is_well_made(administrator, visit, look, width):
    visit(f"/settings/people/{administrator.pk}/", width=width)

    look("member")


@WIDTHS
def test_settings_closed_to_a_reader_say_why(sign_in, visit, look, width):
    sign_in(MemberFactory(reader=True))
    visit("/settings/", width=width)

    look("settings-closed")


@WIDTHS
@pytest.mark.parametrize(("path", "status"), [("/nowhere/", 404), ("/settings/audit/", 403)])
def test_pages_of_refusal_are_well_made(sign_in, visit, look, watch, width, path, status):
    watch.allowed.add(status)
    sign_in(MemberFactory())
    visit(path, width=width)

    look(f"refused-{status}")


def test_an_invited_person_joins_changes_colours_and_signs_out(settings, visit, page, look):
    settings.LOGIN_REDIRECT_URL = "/settings/profile/"
    link = invitations.invite(
        email="nora@example.org", role="member", discipline="data", pods=[], actor=MemberFactory(administrator=True)
    ).link
    visit("/" + link.split("/", 3)[3])
    look("sign-up")
    page.get_by_label("Your name").fill("Nora")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    page.wait_for_url("**/settings/profile/")

    page.get_by_label("Colours").select_option("Dark")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Profile saved.").wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 28)"

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    assert (Invitation.objects.get().accepted_at, Member.objects.get(name="Nora").theme) != (None, "")


def test_the_phone_s_more_menu_opens_without_a_script(administrator, visit, page):
    visit("/settings/people/", width=360)
    assert not page.get_by_role("link", name="Profile", exact=True).is_visible()

    page.get_by_role("button", name="More").click()

    page.get_by_role("link", name="Profile", exact=True).click()
    page.wait_for_url("**/settings/profile/")


def test_keys_walk_a_list_show_help_and_keep_out_of_text_fields(administrator, visit, page):
    visit("/settings/people/")

    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "Ada Lindt"
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.querySelector('b').textContent") == "Reader loyalty"
    page.keyboard.press("k")
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")

    page.get_by_label("E-mail").fill("")
    page.keyboard.type("j?")
    assert page.get_by_label("E-mail").input_value() == "j?"
    assert not page.get_by_role("dialog", name="Keys").is_visible()

    page.get_by_label("E-mail").evaluate("field => field.blur()")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/settings/people/{administrator.pk}/")


def test_keys_find_and_go(administrator, visit, page):
    visit("/settings/people/")

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "rail-search"
    page.keyboard.type("archive")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ideas/?q=archive")

    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/ideas/")


def test_a_phone_searches_from_the_top_bar(administrator, visit, page):
    visit("/settings/people/", width=360)

    page.get_by_role("button", name="Search").click()
    page.get_by_role("searchbox").fill("archive")
    page.keyboard.press("Enter")

    page.wait_for_url("**/ideas/?q=archive")


def test_keys_are_off_for_who_switched_them_off(sign_in, visit, page):
    member = MemberFactory(administrator=True, has_shortcuts=False)
    sign_in(member)
    visit("/settings/people/")

    page.keyboard.press("j")
    page.keyboard.press("?")

    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert page.locator("dialog").count() == 0


def test_a_job_shows_how_far_it_is_survives_a_reload_and_ends_in_a_sentence(administrator, visit, page, look):
    job = Job.objects.create(
        name="x", label="Import of june.csv", asked_by=administrator, state=JobState.RUNNING, doing="Reading", total=400
    )
    visit(f"/jobs/{job.pk}/", width=360)
    page.get_by_text("0 of 400").wait_for()
    look("job")

    Job.objects.update(done=100)
    page.get_by_text("100 of 400").wait_for()
    page.reload()
    page.get_by_text("100 of 400").wait_for()

    Job.objects.update(state=JobState.DONE, outcome="400 rows read.", result_url="/settings/")
    page.get_by_text("400 rows read.").wait_for()
    look("job-done")
    page.get_by_role("link", name="See the result").click()
    page.wait_for_url("**/settings/")


@WIDTHS
def test_the_api_tells_what_it_can_do_and_may_be_tried_within_the_content_policy(
    administrator, visit, page, watch, width
):
    def tried(operation: str, body: str | None = None) -> Locator:
        block = page.locator(f"#operations-ideas-{operation}")
        block.get_by_role("button").first.click()
        block.get_by_role("button", name="Try it out").click()
        if body is not None:
            block.locator("textarea").fill(body)
        block.get_by_role("button", name="Execute").click()
        return block.locator(".live-responses-table tbody .response-col_status")

    watch.allowed.add(400)
    visit("/settings/keys/", width=width)
    page.get_by_role("link", name="What the API can do").click()

    expect(tried("ideas_list")).to_have_text("200")
    expect(tried("ideas_create", '{"title": ""}')).to_contain_text("400")
