"""A real Chromium against a live server: breaking the content policy, logging an error or missing a file fails."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Page, expect

from engagement.accounts.models import Member

# Playwright keeps an event loop running in this thread; Django would refuse every query beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

HERE = Path(__file__).parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE_MS = 30_000  # a test run shares its machine
expect.set_options(timeout=PATIENCE_MS)
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # the rest cannot differ between light and dark
WATCH_POLICY = """
    window.policyViolations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.policyViolations.push(`${event.violatedDirective}: ${event.blockedURI} from ${event.sourceFile}`));
"""
# What makes the page scroll sideways, named by its classes.
STICKING_OUT = """
    document.documentElement.scrollWidth <= window.innerWidth ? [] : [...document.body.querySelectorAll("*")]
      .filter((element) => element.getBoundingClientRect().right > window.innerWidth)
      .map((element) => `${element.tagName} ${element.getAttribute("class")} ${element.textContent.slice(0, 40)}`)
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    if CHROMIUM is None:
        reason = "no Chromium on this machine: browser tests did not run (Debian: apt install chromium)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return {"executable_path": CHROMIUM, "args": ["--no-sandbox", "--headless=new"]}


@dataclass
class Watch:
    """What went wrong on a page. `allowed` holds the statuses a test asks for on purpose."""

    page: Page
    allowed: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("console", self._console)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        self.page.add_init_script(WATCH_POLICY)

    def _console(self, message: Any) -> None:
        is_wanted = any(f"status of {status} " in message.text for status in self.allowed)
        if message.type in ("error", "warning") and not is_wanted:
            self.problems.append(f"console: {message.text}")

    def _failed(self, request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # a page left while it was still asking
            self.problems.append(f"request: {request.url} {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and response.status not in self.allowed:
            self.problems.append(f"answer: {response.status} {response.url}")

    def check(self) -> None:
        violations = [] if self.page.is_closed() else self.page.evaluate("window.policyViolations ?? []")
        assert self.problems + violations == []


@pytest.fixture
def watch(context: Any, live_server: Any) -> Iterator[Watch]:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    watching = Watch(page)
    yield watching
    watching.check()


@pytest.fixture
def page(watch: Watch) -> Page:
    """A page that fails its test at the end over any policy violation, console message, failed or refused request."""
    return watch.page


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "timezone_id": "Europe/Berlin"}


@pytest.fixture
def visit(page: Page, live_server: Any) -> Callable[..., None]:
    """Opens a path of the live server, at a width."""

    def visit(path: str, *, width: int = 1280) -> None:
        page.set_viewport_size({"width": width, "height": 900 if width > 500 else 740})
        page.goto(live_server.url + path)

    return visit


@pytest.fixture
def sign_in(page: Page, live_server: Any) -> Callable[[Member], None]:
    """Gives the page the session of a member."""

    def sign_in(member: Member) -> None:
        client = Client()
        client.force_login(member)
        name = django_settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return sign_in


@pytest.fixture
def look(page: Page, watch: Watch) -> Callable[[str], None]:
    """Checks the open page in light and dark: axe finds nothing with every fold open, nothing sticks out sideways.

    With SCREENSHOTS naming a folder, keeps a picture of each under the given name.
    """

    def look(name: str) -> None:
        check_page(page, f"{name}-{page.viewport_size['width']}")
        watch.check()

    return look


def check_page(page: Page, name: str) -> None:
    """Looks at the open page in light and dark; with SCREENSHOTS naming a folder, keeps a picture of each."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        _keep_picture(page, f"{name}-{scheme}")
        page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
        _assert_accessible(page, scheme)
        assert page.evaluate(STICKING_OUT) == [], page.url


def _assert_accessible(page: Page, scheme: str) -> None:
    if os.environ.get("TEST_DATABASE") == "PostgreSQL":  # judged on the first database
        return
    everything, colours = {"type": "tag", "values": AXE_TAGS}, {"type": "rule", "values": COLOUR_RULES}
    options = {"runOnly": everything if scheme == "light" else colours}
    results = Axe().run(page, options=options)
    assert results.violations_count == 0, f"{scheme}, {page.url}\n{results.generate_report()}"


def _keep_picture(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True, animations="disabled")
