"""What is known of messages and their fate."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from engagement.customers import queries as customers
from engagement.customers.models import Customer
from engagement.messaging.choices import Channel, DeliveryState
from engagement.messaging.gate import Limits, Standing
from engagement.messaging.models import Delivery, SendingLimits


def sending_limits() -> SendingLimits:
    """The workspace's limits; without a row none."""
    return SendingLimits.objects.filter(pk=1).first() or SendingLimits(pk=1)


def deliveries_of(experiment: str) -> QuerySet[Delivery]:
    """Those of the experiment of this uid."""
    return Delivery.objects.filter(experiment=experiment)


def sent_between(first: datetime, after: datetime) -> QuerySet[Delivery]:
    """What left in [first, after)."""
    return Delivery.objects.filter(state=DeliveryState.SENT, done_at__gte=first, done_at__lt=after)


def over_cap(limits: Limits, *, at: datetime) -> QuerySet[Delivery, Any]:
    """The customers, as `customer`, to whom one more message at this moment would be more than the most."""
    sent = Delivery.objects.filter(state=DeliveryState.SENT, done_at__lte=at)
    if limits.most is None:
        return sent.none()
    recent = sent.filter(done_at__gt=at - timedelta(days=limits.days)).order_by()
    return recent.values("customer").annotate(messages=Count("pk")).filter(messages__gte=limits.most)


def fate(experiment: str) -> Mapping[tuple[str, str], int]:
    """How many deliveries of an experiment are in each state, those not sent by reason: (state, reason) to count."""
    rows = deliveries_of(experiment).values_list("state", "reason").annotate(count=Count("pk"))
    return {(state, reason): count for state, reason, count in rows}


def standings(
    people: Collection[Customer], *, channel: str, experiment_key: str, limits: Limits, at: datetime
) -> dict[int, Standing]:
    """What the gate asks of each of these customers, in four queries whatever their number."""
    ids = [one.pk for one in people]
    suppressed = _among(customers.suppressed(channel=channel, experiment=experiment_key, at=at), ids)
    needs_word = customers.needs_consent(channel)
    consenting = _among(customers.consenting(channel=channel), ids) if needs_word else set(ids)
    sent: dict[int, list[datetime]] = defaultdict(list)
    if limits.most is not None:
        since = at - timedelta(days=limits.days)
        rows = Delivery.objects.filter(customer__in=ids, state=DeliveryState.SENT, done_at__gt=since)
        for customer, done_at in rows.values_list("customer", "done_at"):
            if done_at is not None:
                sent[customer].append(done_at)
    return {
        one.pk: Standing(
            is_erased=one.external_id is None and not one.email,
            is_suppressed=one.pk in suppressed,
            has_consent=one.pk in consenting,
            has_address=bool(one.email) or channel != Channel.EMAIL,
            sent_at=sent[one.pk],
        )
        for one in people
    }


def _among(rows: QuerySet[Any], ids: Collection[int]) -> set[int]:
    return set(rows.filter(customer__in=ids).values_list("customer", flat=True))
