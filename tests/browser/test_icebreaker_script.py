"""The script for a product's own pages, on a page of another origin: what it shows, and what it reports."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engagement.accounts import keys
from engagement.accounts.services.keys import make_key
from engagement.customers.models import InboxItem
from engagement.customers.payloads import Taken
from engagement.customers.services.flushing import DECODE
from experiments.services import in_force
from experiments.services.assigning import decide, experiment_open_now
from experiments.services.plans import VariantPlan
from tests.experiments.running import running

BANNER = VariantPlan("banner", "Banner", 0.5, "in_app", "<b>Welcome</b> back", "Your week in five minutes.")
PAGE = """<!doctype html><html lang="en"><head><title>Shop</title>
<meta http-equiv="Content-Security-Policy" content="script-src {site}; connect-src {site}; style-src 'none'">
</head><body><h1>Shop</h1><div data-icebreaker="banner-2026"></div>
<script src="{site}/static/js/icebreaker.js" defer data-key="{key}" data-customer="{customer}"
  data-experiment="banner-2026"></script></body></html>"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_what: object) -> None:
        """Says nothing."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder of pages and the origin under which they are served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield tmp_path, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def opened(page: Page, shop: tuple[Path, str], site: str, customer: str) -> None:
    folder, origin = shop
    keys.forget()
    key = make_key(name=f"Shop {customer}", kind="publishable", origins=[origin], actor=None)[1]
    name = f"{len(list(folder.iterdir()))}.html"  # a page of its own: the browser keeps what it has read
    (folder / name).write_text(PAGE.format(site=site, key=key, customer=customer))
    (folder / "favicon.ico").write_text("")
    with page.expect_response(lambda answer: answer.url.endswith("/v1/track") and answer.request.method == "POST"):
        page.goto(f"{origin}/{name}")


def reported() -> list[Taken]:
    return [DECODE(bytes(item.payload)) for item in InboxItem.objects.all()]


def test_a_customer_sees_the_message_of_their_variant_and_either_side_is_reported_once(page, live_server, shop):
    running(variants=(VariantPlan("today", "Today", 0.5), BANNER))
    in_force.forget()
    names = {decide(experiment_open_now("banner-2026"), f"c{n}").assigned.variant.key: f"c{n}" for n in range(20)}

    opened(page, shop, live_server.url, names["banner"])
    message = page.get_by_role("region", name="<b>Welcome</b> back")
    expect(message.get_by_role("heading")).to_have_text("<b>Welcome</b> back")
    expect(message).to_contain_text("Your week in five minutes.")
    assert page.locator("[data-icebreaker] section").count() == 1
    message.get_by_role("button", name="Close").click()
    expect(message).to_have_count(0)
    opened(page, shop, live_server.url, names["banner"])
    opened(page, shop, live_server.url, names["today"])
    expect(page.locator("section")).to_have_count(0)

    told = {(item.customer_id, item.experiment, item.variant, item.event) for item in reported()}
    assert told == {(names[variant], "banner-2026", variant, "Experiment Viewed") for variant in ("banner", "today")}
    assert InboxItem.objects.count() == 2


def test_a_page_stays_as_it_is_where_the_experiment_decides_about_nobody(page, watch, live_server, shop):
    folder, origin = shop
    key = make_key(name="Shop", kind="publishable", origins=[origin], actor=None)[1]
    (folder / "index.html").write_text(PAGE.format(site=live_server.url, key=key, customer="c1"))
    (folder / "favicon.ico").write_text("")
    watch.allowed.add(404)

    with page.expect_response(lambda answer: "evaluate" in answer.url and answer.request.method == "POST"):
        page.goto(origin)

    expect(page.get_by_role("heading", name="Shop")).to_be_visible()
    assert page.locator("section").count() == 0
    assert not InboxItem.objects.exists()
