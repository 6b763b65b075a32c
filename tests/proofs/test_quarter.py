"""§10.2 and §3: a quarter from idea to decision, through the site's own services and jobs, at compressed time.

Fifty thousand customers meet an A/B on retention and a bandit of five variants on revenue. What differs from a running
site is the clock, and that a week's events come in one piece.
"""

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import time_machine
from django.db import transaction
from scipy.stats import binom

from backlog.choices import IdeaState
from backlog.models import Idea, VotingRound
from backlog.services import ballots, ideas, rounds
from engagement.accounts.models import Pod
from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.models import Job, JobState
from engagement.customers.services import customers as known_customers
from engagement.customers.services import feeds
from engagement.warehouse import store
from engagement.warehouse.tables import EVENTS, EXPOSURES, MOMENT
from experiments.lifecycle import State
from experiments.models import BatchShares, Experiment, Readout, Retro
from experiments.services import (
    checklist,
    decisions,
    in_force,
    launching,
    plans,
    reallocating,
    retros,
    roles,
    scheduled,
)
from experiments.services.assigning import decide_all, experiment_open_now
from experiments.services.plans import MetricPlan, VariantPlan
from tests.factories import MemberFactory
from tests.proofs.ledger import SCALE, Ledger

SEEDS = 40
CUSTOMERS = max(5_000, round(50_000 * min(1.0, SCALE)))
RATE, SURELY = 0.95, 1e-4  # what the intervals state; how rarely a sound one may fall short of the bound below
MONDAY, DAY, WEEK = datetime(2026, 7, 6, 9, tzinfo=UTC), timedelta(days=1), timedelta(days=7)
AB_WEEKS, BANDIT_WEEKS = 2, 7
RETENTION = (0.30, 0.32)
BUYING = (0.06, 0.06, 0.08, 0.05, 0.07)
AMOUNT, SPREAD = 3.0, 0.8  # of the log of what a buyer spends
MEAN_AMOUNT = float(np.exp(AMOUNT + SPREAD**2 / 2))
Ints = np.ndarray[Any, np.dtype[np.int64]]


class Quarter:
    """One seed's quarter. `found`: whether each true effect lay inside its interval, by its name."""

    def __init__(self, seed: int, names: list[str], ids: list[int]) -> None:
        self.rng, self.names, self.ids = np.random.default_rng(1_000 + seed), np.array(names), np.array(ids)
        self.planner, self.second, self.analyst = (MemberFactory() for _ in range(3))
        self.pod = Pod.objects.create(name=f"Pod {seed}", slug=f"pod-{seed}")
        self.pod.members.set([self.planner, self.second, self.analyst])
        self.appended = 0

    def lived(self) -> dict[str, bool]:
        with at(MONDAY - 2 * WEEK):
            thought = [self._idea(title) for title in ("Welcome tour", "Offer of the week")]
            voting = rounds.open_round(
                name="Summer", pod=self.pod, ideas=thought, actor=self.planner, closes_at=now() + DAY
            )
            for voter in (self.planner, self.second, self.analyst):
                for idea in thought:
                    ballots.cast(voting_round=voting, idea=idea, voter=voter, impact=7, confidence=6, ease=5)
        with at(MONDAY - WEEK):
            rounds.close_round(voting_round=voting, actor=self.planner)
            ab = self._planned(thought[0], "ab", 2, AB_WEEKS)
            bandit = self._planned(thought[1], "bandit", 5, BANDIT_WEEKS)
        for week in range(BANDIT_WEEKS + 3):
            with at(MONDAY + week * WEEK):
                self._monday(week, ab, bandit)
        with at(MONDAY + (BANDIT_WEEKS + 3) * WEEK):
            self._concluded(ab)
            self._concluded(bandit)
            self._nothing_is_open()
            return self._covered(ab, bandit)

    def _idea(self, title: str) -> Idea:
        return ideas.add(
            title=title, problem="Readers leave.", change=f"{title}, then see.", actor=self.planner, pod=self.pod
        )

    def _planned(self, idea: Idea, kind: str, variants: int, weeks: int) -> Experiment:
        metric = (
            MetricPlan("retained", "retention", "primary", event="session", window_days=14, after_days=7)
            if kind == "ab"
            else MetricPlan("revenue", "mean", "primary", event="purchase", window_days=3, unit="EUR")
        )
        made = plans.plan(
            name=idea.title, kind=kind, idea=idea, pod=self.pod, actor=self.planner, metrics=[metric],
            variants=[VariantPlan(f"v{n}", f"Variant {n}", 1 / variants, "in_app", "Hi", f"Text {n}.")
                      for n in range(variants)],
            starts=MONDAY, ends=MONDAY + weeks * WEEK, hypothesis=dict.fromkeys(plans.SLOTS, "It is told."),
        )  # fmt: skip
        sized = {"customers": CUSTOMERS, "minimum_effect": 0.05, "power": 0.8, "alpha": 0.05, "looks": 1}
        plans.change(experiment=made, actor=self.planner, plan=sized)
        roles.assign(
            experiment=made, strategy_owner=self.planner, launch_owner=self.planner, analysis_owner=self.analyst,
            actor=self.planner,
        )  # fmt: skip
        made.refresh_from_db()
        for item, mark in (("seen", "tick"), ("escalation", "tick"), ("approval", "approval")):
            checklist.mark(experiment=made, item=item, kind=mark, actor=self.second, reason="Call the pod.")
        return made

    def _monday(self, week: int, ab: Experiment, bandit: Experiment) -> None:
        """The jobs of the morning, then a week of customers, whose events are all there a week before they matter."""
        if week == 0:
            for experiment in (ab, bandit):
                launching.launch(experiment=experiment, actor=self.planner)
        else:
            feeds.complete(events=["session", "purchase"], through=now())
            reallocating.reallocate_all()
            if week % 2 == 0:  # daily on a running site; these looks decide nothing
                scheduled.analyse_open()
            worked()
        for experiment, weeks in ((ab, AB_WEEKS), (bandit, BANDIT_WEEKS)):
            if week < weeks:
                self._comes_in(experiment, np.array_split(np.arange(CUSTOMERS), weeks)[week])
            elif week == weeks:
                launching.stop(experiment=Experiment.objects.get(pk=experiment.pk), actor=self.planner)

    def _comes_in(self, experiment: Experiment, who: Ints) -> None:
        in_force.forget()
        known = experiment_open_now(experiment.key)
        assert known is not None
        drawn = [one.assigned for one in decide_all(known, self.names[who].tolist())]
        variant = np.array([int(one.variant.key[1:]) for one in drawn])
        met = _us(now()) + self.rng.integers(0, 4 * 86_400, len(who)) * 1_000_000
        self._append("exposures", EXPOSURES, {
            "experiment": [str(experiment.uid)] * len(who), "customer": self.ids[who],
            "variant": [one.variant.key for one in drawn], "exposed_at": met,
            "propensity": [one.propensity for one in drawn], "batch": [one.batch for one in drawn],
            "received_at": met,
        })  # fmt: skip
        if experiment.kind == "ab":
            does = self.rng.random(len(who)) < np.array(RETENTION)[variant]
            self._events("session", who[does], met[does], first_day=7, last_day=14, value=None)
        else:
            does = self.rng.random(len(who)) < np.array(BUYING)[variant]
            spent = self.rng.lognormal(AMOUNT, SPREAD, int(does.sum()))
            self._events("purchase", who[does], met[does], first_day=0, last_day=3, value=spent)

    def _events(
        self, name: str, who: Ints, met: Ints, *, first_day: int, last_day: int, value: np.ndarray | None
    ) -> None:
        size = len(who)
        when = met + self.rng.integers(first_day * 86_400, last_day * 86_400, size) * 1_000_000
        self._append("events", EVENTS, {
            "customer": self.ids[who], "event": [name] * size, "occurred_at": when, "received_at": when,
            "message_id": [f"{name}-{self.appended}-{n}" for n in range(size)], "value": value,
            "currency": [None if value is None else "EUR"] * size, "properties": None,
        })  # fmt: skip

    def _append(self, table: str, schema: pa.Schema, columns: dict[str, Any]) -> None:
        self.appended += 1
        size = len(columns["customer"])
        arrays = [_column(columns[field.name], field, size) for field in schema]
        store.append(table, [pa.record_batch(arrays, schema=schema)], source=f"week-{self.appended}")

    def _concluded(self, experiment: Experiment) -> None:
        """The last look, a decision by who may sign, the retro."""
        feeds.complete(events=["session", "purchase"], through=now())
        scheduled.analyse_open()
        worked()
        ended = Experiment.objects.get(pk=experiment.pk)
        wanted = _newest(ended)["recommendation"]
        variant = ended.variants.get(key=wanted["variant"]) if wanted["decision"] == "ship" else None
        decisions.decide(
            experiment=ended, kind="ship" if variant else "stop", variant=variant, actor=self.analyst,
            reason="The frozen rule says so.", learning="Readers told us.",
        )  # fmt: skip
        ended.refresh_from_db()
        retros.close(experiment=ended, why="It came out so.", learning="Readers told us.", actor=self.second)

    def _nothing_is_open(self) -> None:
        assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}
        assert set(Experiment.objects.values_list("state", flat=True)) == {State.CLOSED}
        assert Retro.objects.count() == 2
        assert set(Idea.objects.values_list("state", flat=True)) == {IdeaState.DECIDED}
        assert set(VotingRound.objects.values_list("state", flat=True)) == {"closed"}
        kept = list(BatchShares.objects.all())
        assert len(kept) == BANDIT_WEEKS
        assert [reallocating.replayed(batch) for batch in kept] == [batch.shares for batch in kept]

    def _covered(self, ab: Experiment, bandit: Experiment) -> dict[str, bool]:
        comparison = _newest(ab)["metrics"][0]["comparisons"][0]
        assert comparison["status"] == "ok"
        covered = {"the A/B's difference in retention": _holds(comparison["absolute"], RETENTION[1] - RETENTION[0])}
        for row in _newest(bandit)["bandit"]["estimates"][0]["aipw"]["comparisons"]:
            place = int(row["variant"][1:])
            true = (BUYING[place] - BUYING[0]) * MEAN_AMOUNT
            covered[f"a bandit's difference in revenue ({place} of 4)"] = _holds(row, true)
        return covered


@pytest.mark.django_db
def test_a_quarter_from_idea_to_decision_leaves_nothing_open_and_its_intervals_hold(settings, tmp_path, ledger: Ledger):
    made = max(2, round(SEEDS * min(1.0, SCALE)))
    names = [f"customer-{number:05}" for number in range(CUSTOMERS)]
    ids = known_customers.ensure(names)
    told: list[dict[str, bool]] = []
    for seed in range(made):
        settings.WAREHOUSE_DIR = tmp_path / f"warehouse-{seed}"
        with transaction.atomic():
            told.append(Quarter(seed, names, ids).lived())
            transaction.set_rollback(True)
        shutil.rmtree(settings.WAREHOUSE_DIR)
    least = binom.ppf(SURELY, made, RATE) / made
    for effect in told[0]:
        share = sum(one[effect] for one in told) / made
        ledger.share("10.2", f"a simulated quarter through services and jobs: {effect} is covered", share,
                     low=least, made=made)  # fmt: skip


def at(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def worked() -> None:
    """Every queued job is done, as by a worker."""
    for job in Job.objects.filter(state=JobState.QUEUED):
        jobs.run(str(job.pk))


def _newest(experiment: Experiment) -> dict[str, Any]:
    document: dict[str, Any] = Readout.objects.filter(experiment=experiment).latest("pk").document
    return document


def _holds(interval: dict[str, Any], true: float) -> bool:
    return bool(interval["low"] <= true <= interval["high"])


def _us(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000


def _column(values: Any, field: pa.Field, size: int) -> pa.Array:
    if values is None:
        return pa.nulls(size, field.type)
    return pa.array(values, pa.int64()).cast(MOMENT) if field.type == MOMENT else pa.array(values, field.type)
