"""What is known of customers and their feeds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import pyarrow as pa
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from engagement.accounts.models import Workspace
from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.core.errors import NotFound
from engagement.customers.audience_rules import Rule, event_measures, traits
from engagement.customers.choices import BY_CONSENT, SuppressionReason, SuppressionScope
from engagement.customers.models import (
    Audience,
    AudienceCount,
    AudienceVersion,
    Consent,
    Customer,
    Feed,
    Identity,
    InboxItem,
    Merge,
    StateCount,
    StateDefinition,
    Suppression,
    TraitFeed,
)
from engagement.customers.states import StateRule

STALE_AFTER = 4  # stated delays without anything new
SHORTEST_SILENCE, FALLEN_BEHIND = timedelta(days=1), timedelta(days=7)
TRAIT_COLUMNS = ("time_zone", "locale", "email")  # traits with a column of their own


def complete_through(events: Iterable[str]) -> dict[str, datetime]:
    """Per event name the time its feed is complete to; a feed that never delivered is missing.

    An import says to when. A live feed is complete to now less its stated delay, or to its newest event once it has
    gone stale; never past what was accepted and has not reached the store.
    """
    feeds = Feed.objects.filter(event__in=set(events))
    present = _flushed_through()
    found: dict[str, datetime] = {}
    for feed in feeds:
        moments = [feed.complete_through, _live_through(feed, present)]
        if known := [moment for moment in moments if moment is not None]:
            found[feed.event] = max(known)
    return found


@dataclass(frozen=True, slots=True)
class Age:
    """How old the newest event of a live feed is, and how old it may be."""

    event: str
    age: timedelta
    stated_delay: timedelta


def ages(events: Iterable[str]) -> list[Age]:
    """Of those feeds that are live, by name."""
    feeds = Feed.objects.filter(event__in=set(events), is_live=True, newest_at__isnull=False).order_by("event")
    present = now()
    return [Age(f.event, present - f.newest_at, f.stated_delay) for f in feeds if f.newest_at is not None]


@dataclass(frozen=True, slots=True)
class Silent:
    """An event or a trait (`kind`) that stopped arriving; `since` None: it never came."""

    kind: str
    name: str
    since: datetime | None


def _flushed_through() -> datetime:
    waiting = InboxItem.objects.aggregate(oldest=Min("received_at"))["oldest"]
    return min(now(), waiting) if waiting else now()


def _live_through(feed: Feed, present: datetime) -> datetime | None:
    if not feed.is_live or feed.newest_at is None:
        return None
    is_stale = present - feed.newest_at > STALE_AFTER * feed.stated_delay
    return feed.newest_at if is_stale else present - feed.stated_delay


def merged_customers() -> dict[int, int]:
    """Per customer who turned out to be somebody else, who that is: what a query over the store joins its rows with."""
    pairs = Customer.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into")
    return {pk: into for pk, into in pairs if into is not None}


def survivors() -> Table | None:
    """`merged_customers` as a table for the engine: merged_customer, survivor; None where there are none."""
    pairs = merged_customers()
    if not pairs:
        return None
    columns = {"merged_customer": pa.array(pairs.keys(), pa.int64()), "survivor": pa.array(pairs.values(), pa.int64())}
    return ibis.memtable(pa.table(columns))


def resolved(table: Table, merged: Table | None) -> Table:
    """A table of the store with each customer who turned out to be somebody else named as that; see `survivors`."""
    if merged is None:
        return table
    known = table.left_join(merged, table.customer == merged.merged_customer)
    return known.mutate(customer=ibis.coalesce(known.survivor, known.customer)).select(*table.columns)


def state_version() -> int:
    """Of the definition of customer states in force; 0 is the one the product comes with."""
    return StateDefinition.objects.values_list("version", flat=True).first() or 0


def state_rule() -> StateRule:
    """The rule in force: the newest thresholds against the workspace's ideal usage interval."""
    interval_days = workspace().ideal_usage_interval_days
    newest = StateDefinition.objects.first()
    if newest is None:
        return StateRule(interval_days)
    return StateRule(interval_days, newest.power / 100, newest.core / 100, newest.casual / 100)


def newest_state_count() -> StateCount | None:
    return StateCount.objects.first()


def customer_count() -> int:
    """Customers who are somebody of their own."""
    return Customer.objects.filter(merged_into=None).count()


def merged_since(moment: datetime) -> set[int]:
    """The survivors of merges made after a moment."""
    return set(Merge.objects.filter(at__gt=moment).values_list("into_id", flat=True))


def merges_made() -> int:
    """How many customers were found to be somebody else so far; the log says less: an erasure takes out its lines."""
    return Customer.objects.exclude(merged_into=None).count()


def suppressed(
    *, channel: str = "", topic: str = "", experiment: str = "", at: datetime | None = None
) -> QuerySet[Suppression]:
    """The suppressions in force at a time (now) for a message on this channel and topic of this experiment; their
    `customer` is who is left in peace. A sub-query: it costs no query by itself."""
    moment = at or now()
    scopes = Q(scope=SuppressionScope.EVERYWHERE)
    for scope, what in (
        (SuppressionScope.CHANNEL, channel), (SuppressionScope.TOPIC, topic), (SuppressionScope.EXPERIMENT, experiment),
    ):  # fmt: skip
        if what:
            scopes |= Q(scope=scope, what=what)
    in_force = Suppression.objects.filter(scopes, lifted_at=None, starts_at__lte=moment)
    return in_force.filter(Q(ends_at=None) | Q(ends_at__gt=moment)).order_by()


def consenting(*, channel: str, topic: str = "") -> QuerySet[Consent]:
    """The words by which customers allow messages on this channel and topic; their `customer` is who allows.

    A word on the topic goes before one on all topics. Of channels without need of consent this is who granted it too.
    """
    newest = Consent.objects.filter(channel=channel, is_newest=True)
    if not topic:
        return newest.filter(topic="", is_granted=True).order_by()
    refused = newest.filter(topic=topic, is_granted=False).values("customer")
    return newest.filter(topic__in=("", topic), is_granted=True).exclude(customer__in=refused).order_by()


def needs_consent(channel: str) -> bool:
    """Whether silence is no permission there."""
    return channel in BY_CONSENT


def suppressions(*, scope: str = "", reason: str = "", text: str = "") -> QuerySet[Suppression]:
    """Those neither lifted nor ended, newest first; `text` is a customer id."""
    found = _lasting().select_related("customer", "added_by")
    if scope:
        found = found.filter(scope=scope)
    if reason:
        found = found.filter(reason=reason)
    return found.filter(customer__external_id=text) if text else found


def left_in_peace() -> tuple[int, dict[str, int]]:
    """How many customers must not be messaged in some way, and how many of them for each reason; one query."""
    by_reason = {r.value: Count("customer", distinct=True, filter=Q(reason=r)) for r in SuppressionReason}
    row = _lasting().aggregate(everybody=Count("customer", distinct=True), **by_reason)
    return row.pop("everybody"), row


def _lasting() -> QuerySet[Suppression]:
    return Suppression.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now()), lifted_at=None)


def customer(pk: int) -> Customer:
    """The customer of that number, of one who turned out to be another that other; refuses where there is none."""
    found = Customer.objects.filter(pk=pk).select_related("merged_into").first()
    if found is None:
        raise NotFound(_("There is no customer %(number)d.") % {"number": pk})
    return found.merged_into or found


def customers_with_words() -> QuerySet[Customer]:
    """Customers who are somebody of their own, each with the newest words of consent as their `consents`."""
    newest = Prefetch("consents", queryset=Consent.objects.filter(is_newest=True))
    return Customer.objects.filter(merged_into=None).prefetch_related(newest)


def customers_named(text: str) -> list[Customer]:
    """Who is known by exactly this customer id, e-mail address or other id; at most twenty."""
    ids = Identity.objects.filter(value=text).values("customer")
    found = Customer.objects.filter(Q(external_id=text) | Q(email__iexact=text) | Q(pk__in=ids))
    rows = [row.merged_into or row for row in found.select_related("merged_into")[:20]]
    return list({row.pk: row for row in rows}.values())


def newest_versions() -> QuerySet[AudienceVersion]:
    """The newest version of each audience, by name."""
    newest = AudienceVersion.objects.filter(audience=OuterRef("audience")).values("pk")[:1]
    versions = AudienceVersion.objects.annotate(newest=Subquery(newest)).filter(pk=F("newest"))
    return versions.select_related("audience").order_by("audience__name")


def audiences() -> list[tuple[Audience, AudienceVersion, AudienceCount | None]]:
    """Each audience with its newest version and that one's newest count, in three queries."""
    found = list(newest_versions())
    last = AudienceCount.objects.filter(version=OuterRef("version"), experiment="").values("pk")[:1]
    counts = AudienceCount.objects.annotate(last=Subquery(last)).filter(pk=F("last"), version__in=found)
    by_version = {one.version_id: one for one in counts}
    return [(version.audience, version, by_version.get(version.pk)) for version in found]


def newest_draft_count(digest: str, *, channel: str) -> AudienceCount | None:
    """The last count of the rule of this digest for whoever asks by this channel, whether it was saved since or not."""
    return AudienceCount.objects.filter(digest=digest, experiment="", channels=channel).first()


def newest_audience_count(version: AudienceVersion, *, experiment: str = "") -> AudienceCount | None:
    """The last count made for whoever asks: the experiment of that uid, or the audience's own page."""
    return AudienceCount.objects.filter(version=version, experiment=experiment).first()


def silent(rule: Rule) -> list[Silent]:
    """The rule's events and traits that stopped arriving, or never came, by name; in at most five queries."""
    events = {leaf.event for leaf in event_measures(rule)}
    return [*_silent_events(events), *_silent_traits(set(traits(rule)))]


def _silent_events(names: set[str]) -> list[Silent]:
    """A live feed is silent past a day and past its stated delay several times over; an imported one when what is
    stated of it is a week behind the newest of all feeds."""
    if not names:
        return []
    feeds, present = {feed.event: feed for feed in Feed.objects.filter(event__in=names)}, now()
    newest = Feed.objects.aggregate(live=Max("newest_at"), stated=Max("complete_through"))
    latest = max((moment for moment in newest.values() if moment), default=present)
    found = [Silent("event", name, _silent_since(feeds.get(name), latest, present)) for name in sorted(names)]
    return [one for one in found if one.since or one.name not in feeds]


def _silent_since(feed: Feed | None, latest: datetime, present: datetime) -> datetime | None:
    if feed is None:
        return None
    if feed.is_live and feed.newest_at:
        patience = max(SHORTEST_SILENCE, STALE_AFTER * feed.stated_delay)
        return feed.newest_at if present - feed.newest_at > patience else None
    stated = feed.complete_through
    return stated if stated and latest - stated > FALLEN_BEHIND else None


def _silent_traits(names: set[str]) -> list[Silent]:
    """A trait is silent when others were told a week after it; nothing is known of those last told before this was
    kept account of."""
    if not names:
        return []
    told = dict(TraitFeed.objects.filter(trait__in=names).values_list("trait", "newest_at"))
    latest = TraitFeed.objects.aggregate(latest=Max("newest_at"))["latest"]
    known = known_traits(names - told.keys()) | told.keys() | set(TRAIT_COLUMNS)
    behind = {name for name, at in told.items() if latest - at > FALLEN_BEHIND}
    return [Silent("trait", name, told.get(name)) for name in sorted(behind | (names - known))]


def known_traits(names: Iterable[str]) -> set[str]:
    """Those of the names that some customer has as a trait; one query."""
    asked = list(names)
    if not asked:
        return set()
    columns = {f"is_told_{n}": Exists(Customer.objects.filter(traits__has_key=name)) for n, name in enumerate(asked)}
    row = Workspace.objects.annotate(**columns).values(*columns).first() or {}
    return {name for n, name in enumerate(asked) if row.get(f"is_told_{n}")}
