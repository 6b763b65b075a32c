"""Decisions about customers: their order, what is kept, what keeps experiments apart, and the export of all of it."""

import csv
import json
from collections import Counter
from contextlib import nullcontext
from datetime import timedelta
from io import StringIO
from itertools import cycle
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backlog.quarters import Quarter
from engagement.accounts.models import AuditEntry
from engagement.accounts.services.keys import make_key
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.customers.models import Customer
from engagement.customers.services import customers as known_customers
from experiments.lifecycle import State
from experiments.models import Assignment, BatchShares, ExclusionRange, Experiment
from experiments.services import in_force, separation
from experiments.services.assigning import Reason, decide, decide_all, experiment_open_now
from tests.experiments.running import launched, planned, running

pytestmark = pytest.mark.django_db
CUSTOMERS = [f"u{number}" for number in range(400)]


@pytest.fixture(autouse=True)
def nothing_known():
    in_force.forget()
    yield
    in_force.forget()


def open_now(experiment: Experiment) -> in_force.InForce:
    in_force.forget()
    found = experiment_open_now(experiment.key)
    assert found is not None
    return found


def variants_of(experiment: Experiment) -> dict[str, str]:
    decided = decide_all(open_now(experiment), CUSTOMERS)
    return {one.customer: one.assigned.variant.key for one in decided if one.assigned}


def assigned(*arguments: str, code: int = 0) -> str:
    out = StringIO()
    with pytest.raises(SystemExit, match=str(code)) if code else nullcontext():
        call_command("assign", *arguments, stdout=out, stderr=out)
    return out.getvalue().strip()


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_decision_without_audience_reads_no_table():
    experiment = running()
    found = open_now(experiment)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        decided = decide(experiment_open_now(experiment.key), "u1")
    assert len(queries) == 0
    assert (decided.reason, decided.assigned.propensity, decided.assigned.batch) == (Reason.ASSIGNED, 0.5, 0)
    assert found.division.salt == experiment.uid


def test_only_what_runs_at_this_moment_decides():
    experiment = planned()
    assert experiment_open_now(experiment.key) is None
    launched(experiment)
    assert experiment_open_now(experiment.key) is not None
    assert experiment_open_now(experiment.key, at=experiment.ends + timedelta(days=14)) is None
    Experiment.objects.update(state=State.PAUSED)
    in_force.forget()
    assert experiment_open_now(experiment.key) is None


def test_an_eligibility_row_is_asked_for_in_one_query():
    experiment = running()
    inside, _outside = known_customers.ensure(["u1", "u2"])
    gone = Customer.objects.create(external_id="u1-before", merged_into_id=inside)
    assert separation.limit_to(experiment=experiment, customers=[inside], actor=None) == 2
    assert separation.limit_to(experiment=experiment, customers=[inside], actor=None) == 0
    found = open_now(experiment)
    with CaptureQueriesContext(connection) as queries:
        reasons = [decide(found, name).reason for name in ("u1", gone.external_id, "u2")]
    assert reasons == [Reason.ASSIGNED, Reason.ASSIGNED, Reason.NOT_ELIGIBLE]
    assert len(queries) == 3


def test_b6_2_a_bandits_customer_keeps_the_variant_whatever_the_shares_become():
    experiment = running(kind="bandit")
    first = decide_all(open_now(experiment), CUSTOMERS)
    for number, shares in enumerate([[0.05, 0.95], [0.95, 0.05], [0.4, 0.6]], start=1):
        BatchShares.objects.create(experiment=experiment, number=number, shares=shares, at=now())
        found = open_now(experiment)
        assert decide_all(found, CUSTOMERS) == first
        assert [decide(found, customer) for customer in CUSTOMERS[:20]] == first[:20]
    newcomers = Counter(one.assigned.propensity for one in decide_all(found, [f"new{n}" for n in range(500)]))
    assert set(newcomers) == {0.4, 0.6}
    assert set(Assignment.objects.filter(customer_key__startswith="new").values_list("batch", flat=True)) == {3}
    assert Assignment.objects.count() == 900


def test_a_returning_customer_of_a_bandit_costs_one_read():
    found = open_now(running(kind="bandit"))
    first = decide(found, "u1")
    with CaptureQueriesContext(connection) as queries:
        assert decide(found, "u1") == first
    assert len(queries) == 1


def test_the_holdout_of_the_quarter_stays_out_of_every_experiment_and_is_fixed_while_one_runs():
    quarter = Quarter.of(now().date())
    separation.set_holdout(quarter=quarter, share=0.2, actor=None)
    one, other = running("one"), running("two")
    outs = [
        {d.customer for d in decide_all(open_now(experiment), CUSTOMERS) if d.reason == Reason.HELD_OUT}
        for experiment in (one, other)
    ]
    assert outs[0] == outs[1]
    assert 50 < len(outs[0]) < 110
    with pytest.raises(Conflict, match="its holdout is fixed"):
        separation.set_holdout(quarter=quarter, share=0.3, actor=None)
    separation.set_holdout(quarter=quarter.next, share=0.3, actor=None)
    with pytest.raises(InvalidInput, match="between 0 and 50%"):
        separation.set_holdout(quarter=quarter.next, share=0.6, actor=None)
    assert AuditEntry.objects.filter(verb="set holdout").count() == 2


def test_b3_3_two_experiments_of_one_exclusion_group_share_no_customer():
    group = separation.make_exclusion_group(name="Onboarding", actor=None)
    drafts = [planned(key) for key in ("one", "two", "three")]
    for draft, share in zip(drafts[:2], (0.6, 0.4), strict=True):
        separation.claim_range(experiment=draft, group=group, share=share, actor=None)
    with pytest.raises(Conflict, match="at most 0% of its customers free"):
        separation.claim_range(experiment=drafts[2], group=group, share=0.1, actor=None)
    for draft in drafts[:2]:
        launched(draft)
    one, two = variants_of(drafts[0]), variants_of(drafts[1])
    assert one.keys() & two.keys() == set()
    assert one.keys() | two.keys() == set(CUSTOMERS)
    with pytest.raises(Conflict, match="has started"):
        separation.claim_range(experiment=drafts[0], group=group, share=0.1, actor=None)


def test_what_an_ended_experiment_had_is_free_again():
    group = separation.make_exclusion_group(name="Onboarding", actor=None)
    before, after = planned("before"), planned("after")
    separation.claim_range(experiment=before, group=group, share=0.7, actor=None)
    Experiment.objects.filter(pk=before.pk).update(state=State.ENDED)
    separation.claim_range(experiment=after, group=group, share=0.9, actor=None)
    assert list(ExclusionRange.objects.values_list("experiment", "low", "high")) == [(after.pk, 0.0, 0.9)]


def test_b6_2_command_and_web_give_a_customer_the_same_variant(tmp_path):
    experiment = running()
    audience, out = tmp_path / "readers.csv", tmp_path / "assigned.csv"
    audience.write_text("name,customer_id\n" + "".join(f"n,{name}\n" for name in [*CUSTOMERS, "u1", "=1+1"]))

    sentence = assigned(experiment.key, "--audience", str(audience), "-o", str(out))

    assert sentence == f"{experiment.key}: 401 customers assigned, written to {out}."
    rows = read(out)
    assert [row["customer_id"] for row in rows] == [*CUSTOMERS, "=1+1"]
    assert {row["customer_id"]: row["variant"] for row in rows[:-1]} == variants_of(experiment)
    assert {(row["propensity"], row["batch"]) for row in rows} == {("0.5", "0")}


@pytest.mark.parametrize("kind", ["ab", "bandit"])
def test_b6_2_ten_entries_by_web_task_and_api_give_one_variant_whatever_the_shares_become(kind, tmp_path):
    experiment = running(kind=kind)
    secret = make_key(name="Shop server", kind="secret", actor=None)[1]
    audience, out = tmp_path / "readers.csv", tmp_path / "assigned.csv"
    audience.write_text("customer_id\nu7\n")

    def task() -> str:
        assigned(experiment.key, "--audience", str(audience), "-o", str(out))
        return read(out)[0]["variant"]

    def asked(address: str) -> dict:
        body = json.dumps({"context": {"targetingKey": "u7"}})
        answer = Client().post(address, body, "application/json", headers={"X-API-Key": secret})
        return json.loads(answer.content)

    every = "/ofrep/v1/evaluate/flags"
    doors = {
        "web": lambda: asked(f"{every}/{experiment.key}")["variant"],
        "api": lambda: asked(every)["flags"][0]["variant"],
        "task": task,
    }
    met = []
    for entry, door in zip(range(10), cycle(doors)):
        if kind == "bandit":
            shares = [0.05, 0.95] if entry % 2 else [0.95, 0.05]
            BatchShares.objects.create(experiment=experiment, number=entry + 1, shares=shares, at=now())
        in_force.forget()
        met.append(doors[door]())

    assert set(met) == {met[0]}
    assert met[0] in {"today", "banner"}


def test_without_a_file_everybody_eligible_is_assigned_and_the_rest_is_told(tmp_path):
    experiment = running(kind="bandit")
    ids = known_customers.ensure(CUSTOMERS)
    separation.limit_to(experiment=experiment, customers=ids[:10], actor=None)
    out = tmp_path / "assigned.csv"
    assert assigned(experiment.key, "-o", str(out)).startswith(f"{experiment.key}: 10 customers assigned")
    assert {row["batch"] for row in read(out)} == {"0"}

    audience = tmp_path / "all.csv"
    audience.write_text("customer_id\n" + "\n".join(CUSTOMERS))
    sentence = assigned(experiment.key, "--audience", str(audience), "-o", str(out))
    assert sentence.endswith("Left out: 390 not eligible.")


def test_a_refused_audience_leaves_nothing_behind(tmp_path):
    experiment = running(kind="bandit")
    audience, out = tmp_path / "readers.csv", tmp_path / "assigned.csv"
    audience.write_text('customer_id\nu1\n""\n')
    sentence = assigned(experiment.key, "--audience", str(audience), "-o", str(out), code=1)
    assert sentence == "readers.csv, line 3, column “customer_id”: “” is empty; it must name something."
    assert sorted(path.name for path in tmp_path.glob("*assigned*")) == []
    assert not Assignment.objects.exists()
    assert assigned("nothing", "-o", str(out), code=1) == "There is no experiment “nothing”."
    Experiment.objects.update(state=State.ENDED)
    assert "does not run now" in assigned(experiment.key, "-o", str(out), code=1)
