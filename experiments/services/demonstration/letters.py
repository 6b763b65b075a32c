"""The Sunday letter's bandit, run by the services that run any: variants decided and shares set as on the day."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pyarrow as pa
from django.utils.translation import gettext as _

from backlog.models import Idea
from engagement.accounts.models import Member
from engagement.core.jobs import Progress
from engagement.customers.services import customers as customer_services
from engagement.customers.services import feeds
from engagement.warehouse import store
from engagement.warehouse.tables import EVENTS, EXPOSURES
from experiments.choices import ExperimentKind
from experiments.demonstration import letters
from experiments.demonstration.calendar import Calendar
from experiments.models import Experiment
from experiments.services import analysis, in_force, plans, reallocating, runs
from experiments.services.assigning import Assigned, decide_all
from experiments.services.demonstration import programme
from experiments.services.plans import MetricPlan, VariantPlan

IDEA = letters.SLUG
SENDING_S = 600


def send(
    members: Mapping[str, Member], idea: Idea, readers: Sequence[str], *, seed: int, calendar: Calendar,
    progress: Progress,
) -> Experiment:  # fmt: skip
    """Plans and launches the bandit, sends every letter up to last Sunday's, sets shares before each, analyses it.

    readers: customer ids; each gets one first letter.
    """
    rng = np.random.default_rng([seed, 5])
    experiment = _launched(members, idea, UUID(bytes=rng.bytes(16)), calendar)
    order, build = rng.permutation(len(readers)), uuid4()
    a_letter = max(1, round(letters.A_LETTER * len(readers)))
    progress.doing(_("Sending the Sunday letters"), total=len(letters.weeks()))
    for number, week in enumerate(letters.weeks()):
        if number:
            at = calendar.moment(letters.sunday(week, letters.SHARES_SET_AT))
            reallocating.reallocate(experiment=experiment, at=at, as_of=at, progress=Progress())
        chosen = [readers[place] for place in order[number * a_letter : (number + 1) * a_letter]]
        at = calendar.moment(letters.sunday(week, letters.SENT_AT))
        _store(experiment, _sent(experiment, chosen, at), rng, at, source=f"demonstration:{build}:{number}")
        progress.reached(number + 1)
    feeds.complete(events=[letters.READ.event], through=datetime.combine(calendar.today, time.min, calendar.zone))
    analysis.analyse(experiment=experiment, progress=progress)
    return experiment


def _launched(members: Mapping[str, Member], idea: Idea, salt: UUID, calendar: Calendar) -> Experiment:
    """`salt`: its uid, by which readers are hashed: the same seed gives each the same variant."""
    share = 1.0 / len(letters.VARIANTS)
    planned = plans.create(
        key=programme.key_of(letters.SLUG, "email", letters.STARTS, idea, calendar),
        name=letters.NAME,
        idea=idea,
        kind=ExperimentKind.BANDIT,
        variants=[
            VariantPlan(key, name, share, "email", line, letters.BODY) for key, name, line, _rate in letters.VARIANTS
        ],
        metrics=[
            MetricPlan(
                letters.READ.key, letters.READ.kind, "primary", event=letters.READ.event,
                window_days=letters.READ.window_days,
            )
        ],
        actor=members[letters.PLANNED_BY],
        starts=calendar.moment(letters.STARTS),
        ends=calendar.moment(letters.ENDS),
        hypothesis=letters.HYPOTHESIS,
        is_simulated=True,
        at=calendar.moment(letters.PLANNED),
    )  # fmt: skip
    Experiment.objects.filter(pk=planned.pk).update(uid=salt)
    return runs.start(experiment=planned, actor=members[letters.LAUNCHED_BY], at=calendar.moment(letters.STARTS))


def _sent(experiment: Experiment, readers: Sequence[str], at: datetime) -> dict[str, Assigned]:
    """Each reader's variant, by the shares in force."""
    decided = decide_all(in_force.read()[experiment.key], readers, at=at)
    return {one.customer: one.assigned for one in decided if one.assigned is not None}


def _store(
    experiment: Experiment, sent: Mapping[str, Assigned], rng: np.random.Generator, at: datetime, *, source: str
) -> None:
    ids = customer_services.ensure(list(sent))
    exposed = [at + timedelta(seconds=int(s)) for s in rng.integers(0, SENDING_S, len(ids))]
    exposures = {
        "experiment": [str(experiment.uid)] * len(ids),
        "customer": ids,
        "variant": [one.variant.key for one in sent.values()],
        "exposed_at": exposed,
        "propensity": [one.propensity for one in sent.values()],
        "batch": [one.batch for one in sent.values()],
        "received_at": exposed,
    }
    store.append("exposures", [pa.record_batch(_columns(exposures, EXPOSURES), schema=EXPOSURES)], source=source)
    rates = {key: rate for key, _name, _line, rate in letters.VARIANTS}
    reads = rng.random(len(ids)) < np.array([rates[one.variant.key] for one in sent.values()])
    who = [(customer, moment) for customer, moment, read in zip(ids, exposed, reads, strict=True) if read]
    read_at = [
        moment + timedelta(seconds=float(s))
        for (_who, moment), s in zip(who, rng.uniform(60, 80_000, len(who)), strict=True)
    ]
    events = {
        "customer": [customer for customer, _moment in who],
        "event": [letters.READ.event] * len(who),
        "occurred_at": read_at,
        "received_at": read_at,
        "message_id": [f"{source}:{number}" for number in range(len(who))],
        "value": [None] * len(who),
        "currency": [None] * len(who),
        "properties": [None] * len(who),
    }
    store.append("events", [pa.record_batch(_columns(events, EVENTS), schema=EVENTS)], source=f"{source}:read")


def _columns(columns: Mapping[str, Any], schema: pa.Schema) -> list[pa.Array]:
    return [pa.array(columns[field.name], field.type) for field in schema]
