"""What customers allow, and leaving them in peace."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import InvalidInput
from engagement.customers.choices import Channel, SuppressionReason, SuppressionScope
from engagement.customers.models import Consent, Customer, Suppression
from engagement.customers.services.customers import ensure

CHUNK = 500


@transaction.atomic
def say(
    *, customer: Customer, channel: str, is_granted: bool, source: str, topic: str = "", at: datetime | None = None,
    actor: Member | None = None,
) -> Consent:  # fmt: skip
    """Records a customer's word. It holds unless a later one is known; words may come in in any order."""
    require_writer(actor)
    if channel not in Channel.values:
        raise InvalidInput(_("There is no channel “%(channel)s”.") % {"channel": channel}, field="channel")
    if not source.strip():
        raise InvalidInput(_("Say where the customer said so."), field="source")
    Customer.objects.select_for_update().get(pk=customer.pk)  # two words at once wait for each other
    word = Consent.objects.create(
        customer=customer, channel=channel, topic=topic.strip(), is_granted=is_granted, at=at or now(),
        source=source.strip(), is_newest=False,
    )  # fmt: skip
    settle([customer.pk])
    if actor is not None:
        after = {"channel": channel, "topic": topic, "is_granted": is_granted, "source": source}
        audit.record(actor=actor, verb="recorded consent", target=customer, after=after)
    word.refresh_from_db()
    return word


def settle(customers: Sequence[int]) -> None:
    """Marks of each customer, channel and topic the newest word: after a word came in, after a merge."""
    words = Consent.objects.filter(customer__in=customers).order_by("at", "pk")
    newest = {(word.customer_id, word.channel, word.topic): word.pk for word in words}
    Consent.objects.filter(customer__in=customers, is_newest=True).exclude(pk__in=newest.values()).update(
        is_newest=False
    )
    Consent.objects.filter(pk__in=newest.values(), is_newest=False).update(is_newest=True)


@transaction.atomic
def suppress(
    *, customers: Iterable[int], scope: str, reason: str, what: str = "", note: str = "",
    ends_at: datetime | None = None, actor: Member | None = None, at: datetime | None = None,
) -> int:  # fmt: skip
    """Leaves these customers (internal ids) in peace; how many were not so already, or for less long. Safe to repeat.

    What has ended, or ends before this would, makes way for it: whoever asks again is heard again.
    what: the channel, the topic or the experiment's key; nothing for `everywhere`. ends_at: None is for good.
    """
    require_writer(actor)
    ids, moment = list(dict.fromkeys(customers)), at or now()
    _check(scope, what, reason, ends_at, moment)
    shorter = Q(ends_at__isnull=False) if ends_at is None else Q(ends_at__lt=ends_at)
    same = Suppression.objects.filter(shorter, scope=scope, what=what, reason=reason, lifted_at=None)
    for start in range(0, len(ids), CHUNK):
        same.filter(customer__in=ids[start : start + CHUNK]).update(
            lifted_at=moment, lifted_because=_("A longer one takes its place.")
        )
    before = Suppression.objects.filter(lifted_at=None).count()
    for start in range(0, len(ids), CHUNK):
        rows = [
            Suppression(
                customer_id=pk, scope=scope, what=what, reason=reason, note=note.strip(), starts_at=moment,
                ends_at=ends_at, added_by=actor,
            )
            for pk in ids[start : start + CHUNK]
        ]  # fmt: skip
        Suppression.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
    added = Suppression.objects.filter(lifted_at=None).count() - before
    if added and actor is not None:
        one = Customer.objects.get(pk=ids[0])
        after = {"customers": added, "scope": scope, "what": what, "reason": reason}
        audit.record(actor=actor, verb="suppressed", target=one, after=after, reason=note.strip())
    return added


def _check(scope: str, what: str, reason: str, ends_at: datetime | None, at: datetime) -> None:
    if scope not in SuppressionScope.values:
        raise InvalidInput(_("Everywhere, or on one channel, topic or experiment."), field="scope")
    if reason not in SuppressionReason.values:
        raise InvalidInput(_("Choose one of the reasons."), field="reason")
    if (scope == SuppressionScope.EVERYWHERE) == bool(what):
        raise InvalidInput(_("Name the channel, topic or experiment; for everywhere name none."), field="what")
    if scope == SuppressionScope.CHANNEL and what not in Channel.values:
        raise InvalidInput(_("There is no channel “%(channel)s”.") % {"channel": what}, field="what")
    if ends_at is not None and ends_at <= at:
        raise InvalidInput(_("It ends after it begins."), field="ends_at")


def named(external_ids: Sequence[str]) -> list[int]:
    """The internal ids of these customer ids; unknown customers become known: whoever asked for peace gets it."""
    return ensure([name.strip() for name in external_ids if name.strip()])


@transaction.atomic
def lift(*, suppression: Suppression, because: str, actor: Member | None) -> None:
    """Ends it, with its reason; what was erased stays in peace for good."""
    require_writer(actor)
    if not because.strip():
        raise InvalidInput(_("Say why the customer may be written to again."), field="because")
    if suppression.reason == SuppressionReason.ERASED:
        raise InvalidInput(_("An erased customer is left in peace for good."))
    found = Suppression.objects.filter(pk=suppression.pk, lifted_at=None)
    if found.update(lifted_at=now(), lifted_because=because.strip()):
        audit.record(actor=actor, verb="lifted suppression", target=suppression.customer, reason=because.strip())
