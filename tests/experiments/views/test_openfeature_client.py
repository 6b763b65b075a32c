"""The protocol's own clients, unmodified, against the running site: Python's, and where it can be had JavaScript's."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from tests.installation import Installation

pytestmark = pytest.mark.django_db  # so that there is a database to copy when this file runs alone
PACKAGES = ("@openfeature/server-sdk@1.23.0", "@openfeature/ofrep-provider@0.1.3", "@openfeature/ofrep-core@0.1.4")
PATIENCE_S = 60
ASK = """
const { OpenFeature } = require("@openfeature/server-sdk");
const { OFREPProvider } = require("@openfeature/ofrep-provider");
const { url, key, questions } = JSON.parse(require("fs").readFileSync(0));
(async () => {
  const headers = [["Authorization", `Bearer ${key}`]];
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: url, headers }));
  const client = OpenFeature.getClient();
  const told = [];
  for (const [flag, context] of questions) told.push(await client.getObjectDetails(flag, { title: "mine" }, context));
  console.log(JSON.stringify(told));
})();
"""
MINE = {"title": "mine"}

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


# Not `context`: that is a browser's, and would draw all walks in a browser, which empty the database, to this place.
@pytest.mark.parametrize(
    ("flag", "about", "code"),
    [
        ("nothing", EvaluationContext("c1"), ErrorCode.FLAG_NOT_FOUND),
        ("banner", EvaluationContext(), ErrorCode.TARGETING_KEY_MISSING),
    ],
)
def test_a_refusal_reaches_the_program_in_the_protocols_words(client, flag, about, code):
    details = client.get_object_details(flag, {"title": "mine"}, about)

    assert (details.value, details.error_code) == ({"title": "mine"}, code)


def test_a_key_that_is_none_is_told(client, site):
    api.set_provider(OFREPProvider(site[0].url, headers_factory=lambda: {"Authorization": "Bearer wrong"}))

    details = api.get_client().get_object_details("banner", {}, EvaluationContext("c1"))

    assert (details.error_code, details.error_message) == (ErrorCode.GENERAL, "unauthorized")


@pytest.fixture(scope="module")
def javascript() -> Path:
    """A folder that holds the client; got once, and kept where programs pass things on."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed: the JavaScript client is left out")
    folder = Path(tempfile.gettempdir()) / f"icebreaker-openfeature-{'-'.join(p.rpartition('@')[2] for p in PACKAGES)}"
    folder.mkdir(exist_ok=True)
    if not (folder / "ready").exists():
        options = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", "."]
        try:
            subprocess.run(
                ["npm", "install", *options, *PACKAGES], cwd=folder, check=True, capture_output=True, timeout=PATIENCE_S
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip("npm cannot get the packages of the JavaScript client")
        (folder / "ready").touch()
    return folder


@pytest.fixture(scope="module")
def ask(javascript, site):
    installation, told = site

    def answers(questions: list[tuple[str, dict[str, str]]], key: str = told["key"]) -> list[dict[str, Any]]:
        asked = json.dumps({"url": installation.url, "key": key, "questions": questions})
        done = subprocess.run(
            ["node", "-e", ASK], cwd=javascript, input=asked, capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    return answers


def test_javascript_gives_every_customer_the_variant_that_the_site_decided(ask, site):
    expected = site[1]["variants"]

    told = ask([("banner", {"targetingKey": name}) for name in expected])

    found = {name: (one.get("variant", ""), one["value"]) for name, one in zip(expected, told, strict=True)}
    values = {"banner": {"title": "Hello", "text": "Stay."}, "none": {}, "": MINE}
    assert found == {name: (variant, values[variant]) for name, variant in expected.items()}
    assert {one["reason"] for one in told if one.get("variant")} == {"SPLIT"}


def test_a_refusal_reaches_javascript_in_the_protocols_words(ask):
    told = ask([("nothing", {"targetingKey": "c1"}), ("banner", {})])
    told += ask([("banner", {"targetingKey": "c1"})], key="wrong")

    assert [one["value"] for one in told] == [MINE] * 3
    assert [one["errorCode"] for one in told] == ["FLAG_NOT_FOUND", "TARGETING_KEY_MISSING", "GENERAL"]
