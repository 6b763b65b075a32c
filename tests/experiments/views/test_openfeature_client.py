"""The protocol's own Python client, unmodified, against the running site."""

import json
from collections.abc import Iterator

import pytest
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from tests.installation import Installation

LAUNCHED = """
import json
from datetime import timedelta
from engagement.accounts.services.keys import make_key
from engagement.core.clock import now
from experiments.models import Holdout
from experiments.services import in_force, plans, runs
from experiments.services.assigning import decide, experiment_open_now
from experiments.services.plans import MetricPlan, VariantPlan
from backlog.quarters import Quarter
Holdout.objects.create(quarter=str(Quarter.of(now().date())), share=0.2)
variants = [VariantPlan("none", "No banner", 0.5), VariantPlan("banner", "Banner", 0.5, "in_app", "Hello", "Stay.")]
for key in ("banner", "later"):
    made = plans.create(
        key=key, name=key, variants=variants, metrics=[MetricPlan("read", "proportion", "primary")], actor=None,
        starts=now(), ends=now() + timedelta(days=7),
    )
    if key == "banner":
        runs.start(experiment=made, actor=None)
in_force.forget()
found = experiment_open_now("banner")
print(json.dumps({
    "key": make_key(name="Shop server", kind="secret", actor=None)[1],
    "variants": {
        name: one.assigned.variant.key if one.assigned else ""
        for name in (f"c{n}" for n in range(60)) for one in [decide(found, name)]
    },
}))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pattern: Installation) -> Iterator[tuple[Installation, dict]]:
    made = Installation(tmp_path_factory.mktemp("flags"), like=pattern)
    try:
        told = json.loads(made.shell(LAUNCHED).strip().splitlines()[-1])
        made.start_web()
        yield made, told
    finally:
        made.stop()


@pytest.fixture
def client(site):
    installation, told = site
    api.set_provider(
        OFREPProvider(installation.url, headers_factory=lambda: {"Authorization": f"Bearer {told['key']}"})
    )
    return api.get_client()


def test_every_customer_gets_the_variant_that_the_site_decided(client, site):
    expected = site[1]["variants"]

    found = {name: client.get_object_details("banner", {"title": "mine"}, EvaluationContext(name)) for name in expected}

    assert {name: details.variant for name, details in found.items()} == expected
    assert set(expected.values()) == {"none", "banner", ""}
    for details in found.values():
        value, reason = {
            "banner": ({"title": "Hello", "text": "Stay."}, Reason.SPLIT),
            "none": ({}, Reason.SPLIT),
            "": ({"title": "mine"}, Reason.DEFAULT),
        }[details.variant]
        assert (details.value, details.reason, details.error_code) == (value, reason, None)


def test_what_decides_about_nobody_leaves_the_programs_default(client):
    details = client.get_object_details("later", {"title": "mine"}, EvaluationContext("c1"))

    assert (details.value, details.reason, details.error_code) == ({"title": "mine"}, Reason.DISABLED, None)


@pytest.mark.parametrize(
    ("flag", "context", "code"),
    [
        ("nothing", EvaluationContext("c1"), ErrorCode.FLAG_NOT_FOUND),
        ("banner", EvaluationContext(), ErrorCode.TARGETING_KEY_MISSING),
    ],
)
def test_a_refusal_reaches_the_program_in_the_protocols_words(client, flag, context, code):
    details = client.get_object_details(flag, {"title": "mine"}, context)

    assert (details.value, details.error_code) == ({"title": "mine"}, code)


def test_a_key_that_is_none_is_told(client, site):
    api.set_provider(OFREPProvider(site[0].url, headers_factory=lambda: {"Authorization": "Bearer wrong"}))

    details = api.get_client().get_object_details("banner", {}, EvaluationContext("c1"))

    assert (details.error_code, details.error_message) == (ErrorCode.GENERAL, "unauthorized")
