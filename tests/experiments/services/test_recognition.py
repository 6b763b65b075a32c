"""A browser's word on which variant somebody met is taken where it is true, and only there."""

import base64
import json

import pytest

from engagement.accounts import keys
from engagement.accounts.services.keys import make_key
from engagement.customers.models import InboxItem
from experiments.choices import ExperimentKind
from experiments.services import in_force
from experiments.services.assigning import decide, experiment_open_now
from tests.experiments.running import running

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
