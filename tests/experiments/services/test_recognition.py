"""A browser's word on which variant somebody met is taken where it is true, and only there."""

import base64
import json
import re

import pytest

from engagement.accounts import keys
from engagement.accounts.services.keys import make_key
from engagement.customers.models import Customer, InboxItem
from experiments.choices import ExperimentKind
from experiments.services import in_force
from experiments.services.assigning import decide, experiment_open_now
from tests.experiments.builders import live
from tests.experiments.running import running
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
ORIGIN = "https://shop.example.org"


def viewed(client, customer: str, variant: str, experiment: str = "banner-2026"):
    keys.forget()
    key = make_key(name="Shop", kind="publishable", origins=[ORIGIN], actor=None)[1]
    basic = base64.b64encode(f"{key}:".encode()).decode()
    item = {
        "type": "track", "event": "Experiment Viewed", "messageId": f"{customer}-{variant}", "userId": customer,
        "properties": {"experiment_id": experiment, "variation_id": variant},
    }  # fmt: skip
    headers = {"origin": ORIGIN, "authorization": f"Basic {basic}"}
    return client.post("/v1/track", json.dumps(item), content_type="application/json", headers=headers)


def test_a_browser_reports_the_variant_that_the_customer_has(client):
    running()
    in_force.forget()
    mine = decide(experiment_open_now("banner-2026"), "ada").assigned.variant.key
    other = {"today": "banner", "banner": "today"}[mine]

    true, false = viewed(client, "ada", mine), viewed(client, "ada", other)
    elsewhere = viewed(client, "ada", mine, experiment="nothing")

    assert [answer.status_code for answer in (true, false, elsewhere)] == [200, 400, 400]
    assert false.json()["message"] == f"That customer does not have the variant “{other}” of “banner-2026”."
    assert InboxItem.objects.count() == 1


def test_of_a_bandit_only_what_was_decided_before(client):
    running(kind=ExperimentKind.BANDIT)
    in_force.forget()
    mine = decide(experiment_open_now("banner-2026"), "ada").assigned.variant.key

    assert viewed(client, "ada", mine).status_code == 200
    assert {viewed(client, "bob", variant).status_code for variant in ("today", "banner")} == {400}


def test_a_customers_page_names_the_experiment_that_they_met(client, tmp_path):
    experiment = live(tmp_path, customers=20)
    client.force_login(MemberFactory())
    met = Customer.objects.get(external_id="c1")

    page = re.sub(r"\s+", " ", client.get(f"/customers/{met.pk}/").content.decode())

    assert f'Exposed to variant short<span class="sub">{experiment.name}</span>' in page
