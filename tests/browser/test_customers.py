"""The customers' pages in a real browser, at both widths, in light and dark."""

import pytest

from engagement.core import jobs
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers.models import Customer
from engagement.customers.services import audiences, permissions, states
from engagement.customers.services.customers import ensure
from tests.engagement.customers.test_states import AT, Rows
from tests.factories import MemberFactory


@pytest.mark.parametrize("width", [1280, 360])
def test_customer_states_are_well_shown_before_and_after_they_are_counted(page, visit, sign_in, look, width):
    sign_in(MemberFactory(administrator=True))
    visit("/customers/", width=width)
    look("customers-empty")
    Rows()
    states.count(progress=Progress(), at=AT)

    visit("/customers/", width=width)
    page.locator(".drawing .main-svg").first.wait_for()
    look("customers")
    page.get_by_label("power from").fill("75")
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("button", name="Save these thresholds").wait_for()
    look("customers-compared")


@pytest.mark.parametrize("width", [1280, 360])
def test_one_customer_and_the_suppression_lists(visit, sign_in, look, width):
    [pk] = ensure(["reader-1"])
    found = Customer.objects.get(pk=pk)
    permissions.say(customer=found, channel="email", is_granted=True, source="Sign-up form", actor=None)
    permissions.suppress(customers=[pk], scope="channel", what="push", reason="asked", actor=None)
    sign_in(MemberFactory(role="administrator"))

    visit(f"/customers/{pk}/", width=width)
    look("customer")
    visit("/customers/suppressions/", width=width)
    look("suppressions")


@pytest.mark.parametrize("width", [1280, 360])
def test_an_audience_its_editor_and_the_file_page(page, visit, sign_in, look, width):
    ensure([f"reader-{number}" for number in range(9)])
    rule = {"all": [{"trait": "plan", "op": "is_not", "value": "gold"}, {"not": {"state": ["low"]}}]}
    version = audiences.create(name="Returning readers", rule=rule, actor=None)
    audiences.count(version=version, asking=audiences.Asking(["email"]))
    sign_in(MemberFactory())

    for path, name in (
        ("/customers/audiences/", "audiences"), (f"/customers/audiences/{version.audience_id}/", "audience"),
        ("/customers/files/", "customer-files"), ("/customers/audiences/new/", "audience-new"),
    ):  # fmt: skip
        visit(path, width=width)
        look(name)
    page.get_by_label("About").first.select_option("list")
    page.get_by_label("Value").first.press_sequentially("reader-1, reader-2")
    page.locator("#live-count progress").wait_for()
    jobs.run(str(Job.objects.get().pk))
    page.locator("#live-said", has_text="All 2 matching customers can be asked.").wait_for(state="attached")
    look("audience-live")
