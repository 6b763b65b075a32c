"""Which variant a customer gets. One function for the web, for jobs and for `assign`; in this order:

experiment in force → kept decision (bandit) → eligible → holdout → exclusion group → hash → variant, with propensity.
Everything before the hash is the same for every variant, so that it cannot make the variants' customers differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

from django.db import connection

from engagement.core.clock import now
from experiments.assignment import HELD_OUT
from experiments.models import Assignment, EligibleCustomer
from experiments.services.in_force import InForce, Served, experiments_in_force

CHUNK = 900  # SQLite takes 999 parameters in a statement where it was built with its old default


class Reason(StrEnum):
    """Why a customer has a variant, or has none."""

    ASSIGNED = "assigned"
    NOT_ELIGIBLE = "not eligible"
    HELD_OUT = "in the holdout"
    ELSEWHERE = "left to other experiments of the exclusion group"


@dataclass(frozen=True, slots=True)
class Assigned:
    """A customer's variant, the share it had when it was drawn, and when that was. Outside bandits `batch` is 0."""

    variant: Served
    propensity: float
    batch: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about a customer; `assigned` is None for whoever gets no variant."""

    customer: str
    reason: Reason
    assigned: Assigned | None = None


def decide(experiment: InForce, customer: str, *, at: datetime | None = None) -> Decided:
    """The decision about one customer id. The first one of a bandit is kept for good."""
    return decide_all(experiment, [customer], at=at)[0]


def decide_all(experiment: InForce, customers: Sequence[str], *, at: datetime | None = None) -> list[Decided]:
    """The decision about each customer id, in their order."""
    moment = at or now()
    if not experiment.is_bandit:
        return _hashed(experiment, customers, moment)
    kept = _kept(experiment, customers)
    found = _hashed(experiment, [customer for customer in customers if customer not in kept], moment)
    decided = {one.customer: one for one in found} | kept | _keep(experiment, found)
    return [decided[customer] for customer in customers]


def held_variant(experiment: InForce, customer: str) -> str | None:
    """The key of the variant this customer has, without deciding anything new."""
    found = _kept(experiment, [customer]).get(customer) if experiment.is_bandit else decide(experiment, customer)
    return found.assigned.variant.key if found and found.assigned else None


def experiment_open_now(key: str, *, at: datetime | None = None) -> InForce | None:
    """The experiment of that key, if it decides about customers at this moment."""
    found = experiments_in_force().get(key)
    return found if found is not None and found.is_open(at or now()) else None


def _hashed(experiment: InForce, customers: Sequence[str], moment: datetime) -> list[Decided]:
    eligible = _eligible(experiment, customers) if experiment.for_eligible_only else None
    if len(customers) == 1:
        places = [experiment.division.place(customers[0])]  # an array of one would take longer to make than to fill
    else:
        places = experiment.division.places(customers).tolist()
    return [
        Decided(customer, Reason.NOT_ELIGIBLE)
        if eligible is not None and customer not in eligible
        else _at_place(experiment, customer, place, moment)
        for customer, place in zip(customers, places, strict=True)
    ]


def _at_place(experiment: InForce, customer: str, place: int, moment: datetime) -> Decided:
    if place < 0:
        return Decided(customer, Reason.HELD_OUT if place == HELD_OUT else Reason.ELSEWHERE)
    share = experiment.division.shares[place]
    return Decided(customer, Reason.ASSIGNED, Assigned(experiment.variants[place], share, experiment.batch, moment))


def _eligible(experiment: InForce, customers: Sequence[str]) -> set[str | None]:
    if len(customers) == 1:
        with connection.cursor() as cursor:
            cursor.execute(_asked_of_one(), (experiment.pk, customers[0]))
            return set(customers) if cursor.fetchone() else set()
    rows = EligibleCustomer.objects.filter(experiment=experiment.pk)
    return {
        name
        for start in range(0, len(customers), CHUNK)
        for name in rows.filter(customer__external_id__in=customers[start : start + CHUNK]).values_list(
            "customer__external_id", flat=True
        )
    }


@cache
def _asked_of_one() -> str:
    """Whether an experiment may ask a customer. Compiled once: that takes several times as long as the answer."""
    row = EligibleCustomer.objects.filter(experiment=0).filter(customer__external_id="").values_list("experiment")
    return str(row.query.sql_with_params()[0])


def _kept(experiment: InForce, customers: Sequence[str]) -> dict[str, Decided]:
    """The stored decisions about these customers."""
    variants = {variant.pk: variant for variant in experiment.variants}
    rows = Assignment.objects.filter(experiment=experiment.pk)
    columns = ("customer_key", "variant", "propensity", "batch", "at")
    return {
        name: Decided(name, Reason.ASSIGNED, Assigned(variants[variant], propensity, batch, at))
        for start in range(0, len(customers), CHUNK)
        for name, variant, propensity, batch, at in rows.filter(
            customer_key__in=customers[start : start + CHUNK]
        ).values_list(*columns)
    }


def _keep(experiment: InForce, found: Sequence[Decided]) -> dict[str, Decided]:
    """Stores first decisions. Where somebody else was first at this very moment, theirs stand and are given back."""
    fresh = {one.customer: one.assigned for one in found if one.assigned is not None}
    rows = [
        Assignment(
            experiment_id=experiment.pk, customer_key=customer, variant_id=assigned.variant.pk,
            batch=assigned.batch, propensity=assigned.propensity, at=assigned.at,
        )
        # Sorted, so that two who decide about the same customers wait for each other and never in a circle.
        for customer, assigned in sorted(fresh.items())
    ]  # fmt: skip
    Assignment.objects.bulk_create(rows, batch_size=100, ignore_conflicts=True)
    return _kept(experiment, list(fresh))
