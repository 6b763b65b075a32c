"""This site sends an experiment's messages: who is due, in repeatable steps, each customer at most once.

Preparing decides every variant, in chunks of customers by number: exposures go into the store under the chunk's own
version, deliveries into the database under their unique key, so that a step done again changes nothing. Control
without a message is exposed at the same moment as the others. Delivering marks a message `sending` before it is handed
over: whoever dies there leaves it so, and it is told as *outcome unknown* and never tried again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from django.db import transaction
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.queries import workspace
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers.models import Customer
from engagement.messaging import content, gate
from engagement.messaging.channels import NotTaken, Outgoing, TakenLater, Unreachable
from engagement.messaging.channels import email as email_channel
from engagement.messaging.choices import Channel, DeliveryState
from engagement.messaging.gate import Refusal
from engagement.messaging.models import Delivery
from engagement.messaging.queries import deliveries_of, sending_limits, standings
from engagement.messaging.services import unsubscribing
from engagement.messaging.services.knowing import known_of
from engagement.messaging.tokens import TemplateBroken
from engagement.warehouse import store
from engagement.warehouse.tables import EXPOSURES
from experiments.choices import ExperimentKind
from experiments.lifecycle import PLANNED, State
from experiments.models import Experiment, Sending, Variant
from experiments.services import in_force
from experiments.services.assigning import Assigned, decide_all

SEND = "experiments.tasks.send"
CHUNK = 5_000  # customers a step of preparing
TRIED_AGAIN_AFTER = timedelta(minutes=10)
AT_ONCE = 50  # messages between two looks at whether it is still running
# A run never waits: the cluster may have one worker, and what else is due waits for it. The next comes in a minute.
RATE_OVER = timedelta(minutes=1)
LONGEST_RUN_S = 45.0
SENT_HERE = frozenset({Channel.EMAIL})


@transaction.atomic
def choose(
    *, experiment: Experiment, actor: Member | None, local_time: time | None = None, per_minute: int = 600
) -> Sending:
    """This site sends, from the launch on. Fixed once it has started."""
    require_writer(actor)
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.state not in PLANNED:
        raise Conflict(_("The experiment has started, so who sends is fixed."))
    if experiment.kind == ExperimentKind.BANDIT:
        raise Conflict(_("A bandit learns from one batch for the next; sent to all at once, it has nothing to follow."))
    if per_minute < 1:
        raise InvalidInput(_("At least one message a minute."), field="per_minute")
    others = {channel for variant in _speaking(experiment) for channel in _channels(variant)} - SENT_HERE
    if others:
        raise Conflict(_("This site sends e-mail only; of this experiment another system has to send %(channels)s.") % {
            "channels": ", ".join(str(Channel(one).label) for one in sorted(others))
        })  # fmt: skip
    values = {"local_time": local_time, "per_minute": per_minute, "chosen_by": actor, "chosen_at": now()}
    made, _is_new = Sending.objects.update_or_create(experiment=experiment, defaults=values)
    told = {"local_time": str(local_time or ""), "per_minute": per_minute}
    audit.record(actor=actor, verb="chose to send from here", target=experiment, after=told)
    return made


@transaction.atomic
def withdraw(*, experiment: Experiment, actor: Member | None) -> None:
    """Another system sends. Fixed once it has started."""
    require_writer(actor)
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.state not in PLANNED:
        raise Conflict(_("The experiment has started, so who sends is fixed."))
    if Sending.objects.filter(experiment=experiment).delete()[0]:
        audit.record(actor=actor, verb="leaves sending to another system", target=experiment)


def begin(*, experiment: Experiment) -> None:
    """At the launch, in its transaction: fixes who is due, and queues the work."""
    found = Sending.objects.filter(experiment=experiment).first()
    if found is not None:
        last = Customer.objects.aggregate(last=Max("pk"))["last"] or 0
        Sending.objects.filter(pk=found.pk).update(last_customer=last)
        _queue(experiment)


def go_on() -> int:
    """Queues a job for every running experiment that has messages due by now; how many. Asked for every minute."""
    busy = jobs.keys_under_way(SEND)
    rows = Experiment.objects.filter(state=State.RUNNING, ends__gt=now(), sending__isnull=False)
    due = [one for one in rows.order_by("pk") if one.key not in busy and _has_work(one)]
    for experiment in due:
        _queue(experiment)
    return len(due)


def send(*, experiment: Experiment, progress: Progress) -> tuple[int, int]:
    """Prepares what is not prepared and delivers what is due by now and within the rate: (sent, not sent) in this run.

    One at a time for an experiment: jobs see to it. It stops where the experiment no longer runs, and after less than
    a minute; `go_on` queues the next run for what is left.
    """
    _tell_unknown(experiment)
    if not _is_running(experiment):
        return 0, 0
    _prepare(experiment, progress)
    return _deliver(experiment, progress)


def drop(*, experiment: Experiment, at: datetime) -> int:
    """At the end of an experiment, in its transaction: what is still due is not sent any more; how many."""
    rows = deliveries_of(str(experiment.uid)).filter(state=DeliveryState.DUE)
    return rows.update(state=DeliveryState.NOT_SENT, reason=Refusal.STOPPED, done_at=at)


def _queue(experiment: Experiment) -> None:
    jobs.enqueue(
        SEND, label=_("Sending %(name)s") % {"name": experiment},
        back_url=reverse("experiment", args=[experiment.key, "health"]), key=experiment.key,
    )  # fmt: skip


def _has_work(experiment: Experiment) -> bool:
    if Sending.objects.filter(experiment=experiment, prepared_at=None).exists():
        return True
    return _due(experiment).exists() or deliveries_of(str(experiment.uid)).filter(state=DeliveryState.SENDING).exists()


def _is_running(experiment: Experiment) -> bool:
    return Experiment.objects.filter(pk=experiment.pk, state=State.RUNNING, ends__gt=now()).exists()


def _tell_unknown(experiment: Experiment) -> None:
    """What a dead worker had handed over or was about to: nobody can say which, so nobody sends it again."""
    rows = deliveries_of(str(experiment.uid)).filter(state=DeliveryState.SENDING)
    rows.update(state=DeliveryState.NOT_SENT, reason=Refusal.UNKNOWN, done_at=now())


# ---- who is due --------------------------------------------------------------------------------------------------


def _prepare(experiment: Experiment, progress: Progress) -> None:
    plan = Sending.objects.get(experiment=experiment)
    if plan.prepared_at is not None:
        return
    people = _people(experiment, plan)
    progress.doing(_("Deciding who gets which variant"), total=people.count())
    messages, done, home = {v.key: v for v in _speaking(experiment)}, 0, workspace().time_zone
    known = in_force.read()[experiment.key]
    while chunk := list(people.filter(pk__gt=plan.prepared_to).order_by("pk")[:CHUNK]):
        decided = decide_all(known, [one.external_id or "" for one in chunk])
        assigned = [(one, d.assigned) for one, d in zip(chunk, decided, strict=True) if d.assigned is not None]
        due = {one.pk: _due_at(plan, experiment, one, home) for one, _assigned in assigned}
        if assigned:
            source = f"sending:{experiment.uid}"
            store.append("exposures", [_exposures(experiment, assigned, due)], source=source, version=chunk[-1].pk)
        with transaction.atomic():
            Delivery.objects.bulk_create(_deliveries(experiment, assigned, due, messages), ignore_conflicts=True)
            Sending.objects.filter(pk=plan.pk).update(prepared_to=chunk[-1].pk)
        plan.prepared_to, done = chunk[-1].pk, done + len(chunk)
        progress.reached(done)
    Sending.objects.filter(pk=plan.pk).update(prepared_at=now())


def _people(experiment: Experiment, plan: Sending) -> QuerySet[Customer]:
    """Those of the audience that the launch fixed; without an audience all who were known then."""
    known = Customer.objects.filter(merged_into=None, external_id__isnull=False, pk__lte=plan.last_customer or 0)
    if experiment.for_eligible_only:
        return known.filter(pk__in=experiment.eligible_customers.values("customer"))
    return known


def _speaking(experiment: Experiment) -> list[Variant]:
    return list(experiment.variants.select_related("message").exclude(message=None))


def _channels(variant: Variant) -> list[str]:
    return variant.message.channels if variant.message else []


def _due_at(plan: Sending, experiment: Experiment, customer: Customer, home: str) -> datetime:
    """From the launch on; with a time of day, when that comes first on the customer's own clock."""
    begins = experiment.starts or now()
    if plan.local_time is None:
        return begins
    zone = _zone(customer, home)
    day = begins.astimezone(zone).date()
    days = (datetime.combine(day + timedelta(days=ahead), plan.local_time, zone) for ahead in (0, 1, 2))
    return next(moment.astimezone(begins.tzinfo) for moment in days if moment >= begins)


def _zone(customer: Customer, home: str) -> ZoneInfo:
    """The customer's own, else the workspace's."""
    try:
        return ZoneInfo(customer.time_zone or home)
    except (KeyError, ValueError, OSError):  # what the outer world called a zone and is none
        return ZoneInfo(home)


def _exposures(
    experiment: Experiment, assigned: Sequence[tuple[Customer, Assigned]], due: Mapping[int, datetime]
) -> pa.RecordBatch:
    columns: dict[str, list[Any]] = {
        "experiment": [str(experiment.uid)] * len(assigned),
        "customer": [one.pk for one, _ in assigned],
        "variant": [drawn.variant.key for _, drawn in assigned],
        "exposed_at": [due[one.pk] for one, _ in assigned],
        "propensity": [drawn.propensity for _, drawn in assigned],
        "batch": [drawn.batch for _, drawn in assigned],
        "received_at": [now()] * len(assigned),
    }
    return pa.record_batch([pa.array(columns[field.name], field.type) for field in EXPOSURES], schema=EXPOSURES)


def _deliveries(
    experiment: Experiment, assigned: Sequence[tuple[Customer, Assigned]], due: Mapping[int, datetime],
    messages: Mapping[str, Variant],
) -> Iterator[Delivery]:  # fmt: skip
    for one, drawn in assigned:
        variant = messages.get(drawn.variant.key)
        if variant is not None:
            for channel in _channels(variant):
                yield Delivery(
                    experiment=str(experiment.uid), variant=variant.key, customer=one, channel=channel,
                    due_at=due[one.pk],
                )  # fmt: skip


# ---- delivering --------------------------------------------------------------------------------------------------


def _due(experiment: Experiment) -> QuerySet[Delivery]:
    return deliveries_of(str(experiment.uid)).filter(state=DeliveryState.DUE, due_at__lte=now())


def _deliver(experiment: Experiment, progress: Progress) -> tuple[int, int]:
    total, sent, failed = _due(experiment).count(), 0, 0
    room = _room(experiment)
    if not total or not room:
        return 0, 0
    progress.doing(_("Sending"), total=min(total, room))
    variants, home = {variant.key: variant for variant in _speaking(experiment)}, workspace().time_zone
    with email_channel.opened() as connection:
        ends = monotonic() + LONGEST_RUN_S
        while (most := min(AT_ONCE, room - sent)) and monotonic() < ends:
            chunk = list(_due(experiment).select_related("customer").order_by("due_at", "pk")[:most])
            if not chunk or not _is_running(experiment):
                break
            rules = sending_limits()
            for delivery, words in _admitted(experiment, chunk, variants, rules.limits, home):
                if _hand_over(delivery, words, connection, rules.sender_name):
                    sent += 1
                else:
                    failed += 1
            progress.reached(sent + failed)
    return sent, failed


def _room(experiment: Experiment) -> int:
    """How many messages may leave now, after those of the last minute."""
    left = deliveries_of(str(experiment.uid)).filter(state=DeliveryState.SENT, done_at__gt=now() - RATE_OVER).count()
    return max(0, Sending.objects.get(experiment=experiment).per_minute - left)


def _admitted(
    experiment: Experiment, chunk: Sequence[Delivery], variants: Mapping[str, Variant], limits: gate.Limits, home: str
) -> Iterator[tuple[Delivery, Outgoing]]:
    """Those of the chunk that may go now, with their words; the rest waits or is told as not sent."""
    moment = now()
    known = {
        channel: standings(
            [one.customer for one in chunk if one.channel == channel],
            channel=channel, experiment_key=experiment.key, limits=limits, at=moment,
        )
        for channel in {one.channel for one in chunk}
    }  # fmt: skip
    names = {token for variant in variants.values() if variant.message for token in content.uses(variant.message.said)}
    told = known_of([one.customer for one in chunk], names, at=moment)
    for one in chunk:
        zone = _zone(one.customer, home)
        verdict = gate.judge(known[one.channel][one.customer_id], limits, at=moment, zone=zone)
        if verdict.not_before is not None:
            Delivery.objects.filter(pk=one.pk).update(due_at=verdict.not_before)
        elif verdict.refusal is not None:
            _end(one, DeliveryState.NOT_SENT, verdict.refusal)
        else:
            yield one, _words(one, variants[one.variant], told[one.customer_id])


def _words(delivery: Delivery, variant: Variant, told: Mapping[str, Any]) -> Outgoing:
    customer, message = delivery.customer, variant.message
    link = unsubscribing.address(customer=customer.pk, channel=delivery.channel)
    said = message.contents[delivery.channel] if message else {}
    key = f"{delivery.experiment}.{delivery.customer_id}.{delivery.occurrence}"
    try:
        words = content.spoken(said, delivery.channel, {**told, "unsubscribe_url": link})
    except TemplateBroken:
        words = {}
    return Outgoing(key, customer.email, words, link)


def _hand_over(delivery: Delivery, mail: Outgoing, connection: Any, sender: str) -> bool:
    """Whether it was sent. Nobody else may have taken it meanwhile, and the mark is there before the first byte."""
    claimed = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.DUE).update(state=DeliveryState.SENDING)
    if not claimed:
        return False
    if not mail.words.get("subject"):  # its words cannot be written, or come to nothing
        _end(delivery, DeliveryState.NOT_SENT, Refusal.REFUSED)
        return False
    try:
        email_channel.send(connection, mail, sender=sender)
    except NotTaken:
        _end(delivery, DeliveryState.NOT_SENT, Refusal.REFUSED)
        return False
    except TakenLater:
        later = Delivery.objects.filter(pk=delivery.pk)
        later.update(state=DeliveryState.DUE, due_at=now() + TRIED_AGAIN_AFTER)
        return False
    except Unreachable:
        _end(delivery, DeliveryState.NOT_SENT, Refusal.UNKNOWN)
        raise
    _end(delivery, DeliveryState.SENT)
    return True


def _end(delivery: Delivery, state: str, reason: str = "") -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, reason=reason, done_at=now())
