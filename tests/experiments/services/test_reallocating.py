"""A bandit's shares follow its results: who is counted, what is kept, who moves, and that it replays."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import pytest
import time_machine
from django.db import connection, connections
from django_q.models import Schedule

from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers.models import Feed
from engagement.customers.payloads import Taken
from engagement.customers.services import feeds, flushing, inbox
from experiments import tasks
from experiments.choices import ExperimentKind
from experiments.models import Assignment, BatchShares, Experiment
from experiments.services import in_force, plans, reallocating, runs
from experiments.services.analysis import analyse
from experiments.services.assigning import decide_all, experiment_open_now
from experiments.services.plans import MetricPlan, VariantPlan
from tests.factories import MemberFactory

START, DAY = datetime(2026, 7, 6, tzinfo=UTC), timedelta(days=1)
RATES = {"today": 0.1, "short": 0.4, "long": 0.1}
A_DAY = 300


def bandit(**options) -> Experiment:
    third = [VariantPlan(key, key.title(), 1 / 3) for key in RATES]
    made = plans.create(**{
        "key": "subject", "name": "Subject line", "kind": ExperimentKind.BANDIT, "variants": third, "actor": None,
        "metrics": [MetricPlan("read", "proportion", "primary", event="session", window_days=1)],
        "starts": START, "ends": START + 20 * DAY, **options,
    })  # fmt: skip
    made.uid = uuid5(NAMESPACE_URL, made.key)  # customers are hashed by it: the same ones get the same variants
    made.save(update_fields=["uid"])
    return made


def launched(**options) -> Experiment:
    with time_machine.travel(START - DAY, tick=False):
        experiment = bandit(**options)
    with time_machine.travel(START, tick=False):
        runs.start(experiment=experiment, actor=None)
    return Experiment.objects.get(pk=experiment.pk)


def live(day: int, *, fresh: int = A_DAY) -> dict[str, str]:
    """A day on which customers come in, meet their variant and read or do not: variants by customer."""
    rng = np.random.default_rng(day)
    with time_machine.travel(START + day * DAY + DAY / 2, tick=False):
        in_force.forget()
        found = experiment_open_now("subject")
        decided = decide_all(found, [f"d{day}-{i}" for i in range(fresh)])
        variants = {one.customer: one.assigned.variant.key for one in decided}
        items = []
        for customer, variant in variants.items():
            viewed = {
                "experiment": "subject",
                "variant": variant,
                "customer_id": customer,
                "event": "Experiment Viewed",
            }
            items.append(Taken("track", f"v-{customer}", now(), now(), **viewed))
            if rng.random() < RATES[variant]:
                later = now() + timedelta(hours=1)
                items.append(Taken("track", f"s-{customer}", now(), later, customer_id=customer, event="session"))
        inbox.accept(items)
        flushing.flush()
    return variants


def reallocated(day: int) -> BatchShares | None:
    """In the morning of that day, with all feeds complete."""
    at = START + day * DAY
    with time_machine.travel(at, tick=False):
        feeds.complete(events=["session"], through=at)
        return reallocating.reallocate(experiment=Experiment.objects.get(), progress=Progress())


@pytest.mark.django_db
def test_b6_5_every_reallocation_keeps_what_made_it_and_replays_to_the_same_numbers():
    experiment = launched()
    met = live(0)

    first = reallocated(2)
    met |= live(2)
    second = reallocated(4)

    assert (first.number, first.at, first.before) == (1, START + 2 * DAY, pytest.approx([1 / 3] * 3))
    assert (second.number, second.before, second.policy, second.floor) == (
        2,
        first.shares,
        "probability matching",
        0.05,
    )
    counts = [sum(variant == key for variant in met.values()) for key in RATES]
    assert second.used["n"] == counts
    assert second.used["as_of"] == (START + 4 * DAY).isoformat()
    for batch in BatchShares.objects.all():
        assert reallocating.replayed(batch) == batch.shares
        assert sum(batch.shares) == pytest.approx(1.0)
        assert min(batch.shares) >= 0.05
    assert second.shares[1] > 0.8  # the better one, of the order of the variants
    entries = AuditEntry.objects.filter(verb="reallocated").values_list("target_id", "after")
    assert list(entries) == [(str(experiment.pk), {"batch": 2}), (str(experiment.pk), {"batch": 1})]


@pytest.mark.django_db
def test_b6_2_a_customer_keeps_the_variant_whatever_the_shares_have_become():
    launched()
    met = live(0)
    reallocated(2)
    with time_machine.travel(START + 3 * DAY, tick=False):
        in_force.forget()
        again = decide_all(experiment_open_now("subject"), list(met))

    assert {one.customer: one.assigned.variant.key for one in again} == met
    assert {(one.assigned.batch, one.assigned.propensity) for one in again} == {(0, 1 / 3)}
    fresh = live(3)
    kept = dict(Assignment.objects.filter(batch=1).values_list("customer_key", "propensity"))
    shares = dict(zip(RATES, BatchShares.objects.get().shares, strict=True))
    assert kept == {customer: pytest.approx(shares[variant]) for customer, variant in fresh.items()}


@pytest.mark.django_db
def test_exposures_carry_batch_and_propensity_into_the_readout():
    experiment = launched()
    live(0)
    first = reallocated(2)
    live(2)
    with time_machine.travel(START + 6 * DAY, tick=False):
        feeds.complete(events=["session"], through=now())
        told = analyse(experiment=experiment, progress=Progress()).document

    batches = told["bandit"]["batches"]
    assert [(one["batch"], one["customers"]) for one in batches] == [(0, A_DAY), (1, A_DAY)]
    assert list(batches[1]["shares"].values()) == pytest.approx(first.shares)
    assert {check["check"]: check["status"] for check in told["health"]}["sample_ratio"] == "pass"
    assert told["bandit"]["probability_best"]["short"] > 0.99


@pytest.mark.django_db
def test_without_a_closed_window_or_anything_new_the_shares_stay():
    launched()
    live(0)

    assert reallocated(1) is None  # nobody's day is over
    assert reallocated(2).number == 1
    assert reallocated(2) is None
    assert BatchShares.objects.count() == 1


@pytest.mark.django_db
def test_lower_is_better_where_the_metric_says_so():
    metric = MetricPlan("complained", "proportion", "primary", direction="down", event="session", window_days=1)
    launched(metrics=[metric])
    live(0)
    live(1)

    made = reallocated(3)

    assert made.shares[1] == pytest.approx(0.05, abs=1e-3)


@pytest.mark.django_db
def test_only_a_bandit_that_runs_here_is_reallocated():
    with time_machine.travel(START - DAY, tick=False):
        draft = bandit()
    with pytest.raises(Conflict, match="Only a bandit that runs here"):
        reallocating.reallocate(experiment=draft, progress=Progress())
    running = launched(key="other")
    runs.pause(experiment=running, actor=MemberFactory(), reason="Wait")
    with pytest.raises(Conflict):
        reallocating.reallocate(experiment=Experiment.objects.get(key="other"), progress=Progress())


@pytest.mark.django_db
def test_a_bandit_follows_a_share_or_an_amount_within_a_window():
    with pytest.raises(InvalidInput, match="A bandit follows a share or an amount within a window"):
        bandit(metrics=[MetricPlan("read", "proportion", "primary", window_days=None)])
    with pytest.raises(InvalidInput, match="The metric order_value: a ratio needs"):
        bandit(metrics=[MetricPlan("order_value", "ratio", "primary")])
    assert not Experiment.objects.exists()


@pytest.mark.django_db
def test_b1_3_a_long_window_is_explained_and_an_a_b_test_suggested(client):
    client.force_login(MemberFactory())
    for key, days in (("slow", 30), ("fast", 7)):
        bandit(key=key, metrics=[MetricPlan("retained", "retention", "primary", window_days=days)])

    slow, fast = (client.get(f"/experiments/{key}/plan/").content.decode() for key in ("slow", "fast"))

    assert "The primary metric is known 30 days after a customer came in" in slow
    assert "An A/B test measures the same" in slow
    assert "The shares would lag behind" not in fast


@pytest.mark.django_db
def test_the_worker_asks_every_day_and_once_at_a_time():
    launched()
    live(0)
    schedule = Schedule.objects.get(name="reallocate bandits")
    assert (schedule.schedule_type, schedule.func) == ("D", "experiments.services.reallocating.reallocate_all")

    assert (reallocating.reallocate_all(), reallocating.reallocate_all()) == (1, 0)
    job = Job.objects.get()
    with time_machine.travel(START + 2 * DAY, tick=False):
        feeds.complete(events=["session"], through=now())
        assert tasks.reallocate(progress=Progress(), **job.arguments) == (
            "Batch 1 has new shares.", "/experiments/subject/results/",
        )  # fmt: skip
        assert tasks.reallocate(progress=Progress(), **job.arguments)[0].startswith("No customer's window has closed")


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_writes():
    if connection.vendor == "sqlite":
        pytest.skip("one writer at a time is SQLite's own rule; two connections to a database in memory see no other")
    launched()
    live(0)
    Feed.objects.filter(event="session").update(complete_through=START + 2 * DAY)
    barrier, made = Barrier(2), []

    def work() -> None:
        try:
            barrier.wait(30)
            made.append(reallocating.reallocate(experiment=Experiment.objects.get(), progress=Progress()))
        finally:
            connections.close_all()

    with time_machine.travel(START + 2 * DAY, tick=False):
        threads = [Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    assert sorted(one is None for one in made) == [False, True]
    assert BatchShares.objects.count() == 1
