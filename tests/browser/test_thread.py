"""The thread as three members walk it: an idea, a blind round, an experiment, its results, a decision, the report.

Everything is real: the site under granian, a django-q2 worker, the store on disk, Chromium.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, Watch, check_page
from tests.installation import Installation

PASSWORD = "a-long-enough-secret"
PEOPLE = {"ada": "marketing", "ben": "data", "cleo": "editorial"}
BALLOTS = {"ada": (7, 5, 8), "ben": (8, 6, 7), "cleo": (6, 4, 9)}
TITLE = "Thank readers by name"
SECRET = "MARKER-4127 as our own data show"  # in Ada's ballot
MAKE_PEOPLE = """
from engagement.accounts.models import Member, Pod
pod = Pod.objects.create(name="Reader loyalty", slug="reader-loyalty")
for name, discipline in {people}.items():
    columns = dict(name=name.title(), discipline=discipline)
    pod.members.add(Member.objects.create_user(name + "@example.org", "{password}", **columns))
"""


@pytest.fixture
def site(installation: Installation) -> Installation:
    installation.shell(MAKE_PEOPLE.format(people=PEOPLE, password=PASSWORD))
    installation.start_web()
    installation.start_worker()
    return installation


@pytest.fixture
def signed_in(site: Installation, new_context: Any, width: int) -> Iterator[Callable[[str], Page]]:
    """A member's own browser, signed in through the door; at the end every page of it is checked."""
    watches: dict[str, Watch] = {}

    def signed_in(name: str) -> Page:
        if name not in watches:
            page = new_context(base_url=site.url).new_page()
            page.set_viewport_size({"width": width, "height": 900 if width > 500 else 740})
            page.set_default_timeout(PATIENCE_MS)
            watches[name] = Watch(page)
            page.goto("/")
            page.get_by_label("E-mail").fill(f"{name}@example.org")
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            expect(page).to_have_url(f"{site.url}/")
        return watches[name].page

    yield signed_in
    for watch in watches.values():
        watch.check()


@pytest.fixture
def results_file(tmp_path: Path) -> Path:
    """2,000 customers; thanked ones come back far more often, so that the verdict is never in doubt."""
    rng = random.Random(7)  # noqa: S311  rows for a test, no secret
    path = tmp_path / "results.csv"
    with path.open("w") as file:
        file.write("group,came back,gave\n")
        for number in range(2000):
            thanked = number % 2
            back = int(rng.random() < (0.5 if thanked else 0.3))
            file.write(f"{'Thank-you note' if thanked else 'Control'},{back},{back * rng.randint(1, 20)}\n")
    return path


@pytest.mark.parametrize("width", [360, 1280])
def test_three_members_walk_from_a_new_idea_to_the_report(site, signed_in, results_file, width):
    ada, ben, cleo = (signed_in(name) for name in PEOPLE)

    check_page(ada, f"thread-0-home-{width}")
    add_an_idea(ada, TITLE)
    check_page(ada, f"thread-1-idea-{width}")
    add_an_idea(ben, "Send the letter at noon")
    round_url = open_a_round(ada, width)

    for name, page in (("ada", ada), ("ben", ben), ("cleo", cleo)):
        page.goto(round_url)
        page.get_by_role("link", name=TITLE).first.click()
        if name != "ada":
            assert_blind(page, round_url)
        if name == "ben":
            check_page(page, f"thread-2-ballot-{width}")
        vote(page, *BALLOTS[name], comment=SECRET if name == "ada" else "")
    expect(ben.locator("main")).not_to_contain_text(SECRET)  # he has scored it, and the round is still open
    close_the_round(ada, round_url)
    check_page(ada, f"thread-3-round-{width}")
    ben.goto(round_url)
    assert SECRET in ben.content()
    # Medians 7, 5 and 8: their mean is 6.7.
    expect(ada.locator("main")).to_contain_text("6.7")

    plan_an_experiment(ben, site)
    check_page(ben, f"thread-4-plan-{width}")
    upload_results(ben, results_file, width)
    expect(ben.locator("main")).to_contain_text("Better")
    check_page(ben, f"thread-6-results-{width}")
    expect(ben.get_by_role("button", name="Record the decision")).to_have_attribute("aria-disabled", "true")

    results_url = ben.url
    decide(cleo, results_url)
    check_page(cleo, f"thread-7-decided-{width}")

    ada.goto("/reports/")
    check_page(ada, f"thread-8-reports-{width}")
    ada.locator("main").get_by_role("link", name=re.compile(r"Q[1-4]")).first.click()
    check_page(ada, f"thread-9-report-{width}")
    expect(ada.locator("body")).to_contain_text("Readers who are thanked come back.")
    expect(ada.locator("body")).to_contain_text("Ship")
    assert_told_by_command(site, ada.url.rstrip("/").rsplit("/", 1)[1])


def add_an_idea(page: Page, title: str) -> None:
    page.goto("/ideas/new/")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Problem").fill("First-time readers leave within a week and nobody says a word to them.")
    page.get_by_label("Proposed change").fill("A short note of thanks after the third visit.")
    page.get_by_role("button", name=re.compile("Add|Save")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def open_a_round(page: Page, width: int) -> str:
    page.goto("/rounds/new/")
    page.locator("[name=name]").fill("Round 1")
    page.get_by_label(re.compile(TITLE)).check()
    page.get_by_label(re.compile("at noon")).check()
    check_page(page, f"thread-1-round-new-{width}")
    page.get_by_role("button", name="Open the round").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Round 1")
    return page.url


def assert_blind(page: Page, round_url: str) -> None:
    """Neither the open ballot page nor the round's board holds what Ada wrote; ends on the ballot page."""
    ballot_url = page.url
    for url in (round_url, ballot_url):
        page.goto(url)
        assert SECRET not in page.content(), url


def vote(page: Page, *scores: int, comment: str = "") -> None:
    if comment:
        page.locator("[name=comment]").fill(comment)
    for scale, score in zip(("impact", "confidence", "ease"), scores, strict=True):
        page.locator(f"input[type=radio][name={scale}][value='{score}']").check(force=True)
    page.get_by_role("button", name=re.compile("Submit")).first.click()
    page.wait_for_load_state("networkidle")


def close_the_round(page: Page, round_url: str) -> None:
    page.goto(round_url)
    page.get_by_text("Close the round").first.click()
    page.get_by_role("button", name="Close it now").click()
    expect(page.locator("body")).to_contain_text(re.compile(r"Closed on .+ by Ada\."))
    expect(page.get_by_role("button", name="Close it now")).to_have_count(0)


def plan_an_experiment(page: Page, site: Installation) -> None:
    page.goto("/ideas/")
    page.get_by_role("link", name=TITLE).first.click()
    page.get_by_role("link", name="Make it an experiment").click()
    page.locator("[name=because]").fill("new readers leave within a week")
    page.locator("[name=we_believe]").fill("a note of thanks")
    page.locator("[name=audience]").fill("first-time readers")
    page.locator("[name=will_move]").fill("the share who come back")
    page.locator("[name=by]").fill("5 pp")
    page.locator("[name=within]").fill("14 days")
    variant = page.locator("[name$='-1-name']").first
    variant.fill("Thank-you note")
    page.locator("[name$='-1-channel']").first.select_option("email")
    page.locator("[name$='-1-subject']").first.fill("Thank you for reading")
    page.locator("[name$='-1-body']").first.fill("You were here three times this week. Thank you.")
    metrics = page.locator("fieldset").filter(has=page.locator("[name$='-role']"))
    metrics.nth(0).locator("[name$='-name']").fill("came back")
    metrics.nth(1).locator("[name$='-name']").fill("gave")
    metrics.nth(1).locator("[name$='-kind']").select_option("mean")
    page.get_by_role("button", name="Save the plan").click()
    expect(page).to_have_url(re.compile("/experiments/.+/plan/"))


def upload_results(page: Page, path: Path, width: int) -> None:
    page.goto(page.url.replace("/plan/", "/results/"))
    check_page(page, f"thread-5-no-results-{width}")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name=re.compile("Upload")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What do the columns mean?")
    check_page(page, f"thread-5-columns-{width}")
    page.get_by_label("Variant").select_option("group")
    page.get_by_role("button", name="Import and analyse").click()
    expect(page).to_have_url(re.compile("/jobs/"))
    page.reload()  # the progress of long work survives it
    page.get_by_text("2,000 customers in 2 variants read and analysed.").wait_for(timeout=60_000)
    check_page(page, f"thread-5-job-{width}")
    page.locator("main").get_by_role("link", name=re.compile("[Rr]esult")).first.click()
    expect(page).to_have_url(re.compile("/results/"))


def decide(page: Page, results_url: str) -> None:
    page.goto(results_url)
    page.get_by_label(re.compile("Ship Thank-you note")).check()
    page.get_by_label("Reason").fill("The interval lies above zero and nothing speaks against it.")
    page.get_by_label("What we learned").fill("Readers who are thanked come back.")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.locator("main")).to_contain_text("The interval lies above zero and nothing speaks against it.")


def assert_told_by_command(site: Installation, quarter: str) -> None:
    document = json.loads(site.run("report", quarter, "--format", "json"))
    (row,) = document["decisions"]
    assert (row["decision"], row["variant"], row["decided_by"]) == ("ship", "Thank-you note", "Cleo")
    assert row["effect"]["verdict"] == "better"
    assert row["effect"]["low"] > 0.1
