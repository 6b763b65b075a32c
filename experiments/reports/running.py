"""An experiment's health as its page shows it: how far it is, who is in it, and what to do about what failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.core.templatetags.formats import duration
from engagement.customers.models import Feed
from engagement.customers.queries import ages, complete_through
from engagement.messaging.choices import REFUSAL_CHOICES, DeliveryState
from engagement.messaging.queries import fate
from experiments.choices import PAUSE_CONDITIONS, AlertKind
from experiments.lifecycle import State
from experiments.models import Experiment, Metric, Variant
from experiments.reports.results import HealthItem, health_items
from experiments.reports.sentences import one_of

DAY = timedelta(days=1)
# Where to look when a check fails, the likeliest first.
CAUSES = {
    "sample_ratio": (
        gettext_lazy("A variant loses exposures: a page that breaks, a send that failed, a filter after the hash."),
        gettext_lazy("Exposures are reported by some variants only, or at different moments."),
        gettext_lazy("Shares were changed outside this site, or customers are assigned by another id than the hash’s."),
        gettext_lazy("Machines: one variant is fetched by robots that the other is not."),
    ),
    "contamination": (
        gettext_lazy("Customers have several ids before they sign in, and were merged later."),
        gettext_lazy("A message is forwarded, or a device is shared, in one variant more than in the other."),
    ),
    "maturity": (gettext_lazy("Exposures of one variant came in later than those of the other."),),
    "freshness": (
        gettext_lazy("The sender of the events has stopped: see its key and its last answer."),
        gettext_lazy("The worker does not run, so that what came in has not reached the store."),
    ),
    "covariate_balance": (gettext_lazy("Customers came to a variant by what they did before, not by the hash."),),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """A variant's customers against what its share lets expect."""

    name: str
    place: int
    share: float
    expected: float
    customers: int
    contaminated: int


@dataclass(frozen=True, slots=True)
class Source:
    """One feed the metrics read: how complete it is, and how old where it is live."""

    event: str
    through: datetime | None
    age: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed check with where to look."""

    item: HealthItem
    causes: list[str]


def counted(document: dict[str, Any], variants: Sequence[Variant]) -> list[Counted]:
    total, expected = sum(row["customers"] for row in document["variants"]), _expected(document)
    named = {variant.key: variant for variant in variants}
    return [
        Counted(
            named[row["key"]].name, named[row["key"]].position, row["planned_share"],
            expected.get(row["key"], total * row["planned_share"]),
            row["customers"], row["contaminated"],
        )
        for row in document["variants"]
    ]  # fmt: skip


def _expected(document: dict[str, Any]) -> dict[str, float]:
    """Of a bandit: customers of each variant by the shares that were in force; nothing otherwise."""
    batches = (document["bandit"] or {"batches": []})["batches"]
    keys = [row["key"] for row in document["variants"]] if batches else []
    return {key: sum(batch["customers"] * batch["shares"][key] for batch in batches) for key in keys}


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the messages that this site has to send; the parts add up to all that are due."""

    due: int
    waiting: int
    sent: int
    not_sent: list[tuple[str, int]]

    @property
    def failed(self) -> int:
        return sum(count for _reason, count in self.not_sent)


def sent(experiment: Experiment) -> Sent | None:
    """None where another system sends."""
    if not hasattr(experiment, "sending"):
        return None
    found = fate(str(experiment.uid))
    labels = {value: str(label) for value, label in REFUSAL_CHOICES}
    failed = [(label, found.get((DeliveryState.NOT_SENT, reason), 0)) for reason, label in labels.items()]
    waiting = found.get((DeliveryState.DUE, ""), 0) + found.get((DeliveryState.SENDING, ""), 0)
    return Sent(sum(found.values()), waiting, found.get((DeliveryState.SENT, ""), 0), [row for row in failed if row[1]])


def crossed(document: dict[str, Any]) -> str:
    """What does harm to which guardrail, and how sure that is; empty where nothing does."""
    checks = (check for check in document["health"] if check["check"] == AlertKind.GUARDRAIL)
    return next((str(check["message"]) for check in checks if check["status"] == "warn"), "")


def failed(document: dict[str, Any]) -> list[Failed]:
    pairs = zip(document["health"], health_items(document), strict=True)
    return [
        Failed(item, [str(cause) for cause in CAUSES.get(check["check"], ())])
        for check, item in pairs
        if check["status"] == "fail"
    ]


def sources(metrics: Sequence[Metric]) -> list[Source]:
    """Every event the metrics read, by name; one that never came is told too."""
    events = sorted({event for metric in metrics for event in metric.definition.events})
    through, old = complete_through(events), {age.event: age for age in ages(events)}
    delays = dict(Feed.objects.filter(event__in=events).values_list("event", "stated_delay"))
    return [
        Source(
            event, through.get(event), duration(old[event].age.total_seconds()) if event in old else "",
            event in old and old[event].age > delays[event],
        )
        for event in events
    ]  # fmt: skip


def pauses(experiment: Experiment) -> str:
    """When the plan pauses it by itself, as a sentence."""
    said = [str(label) for value, label in PAUSE_CONDITIONS if value in experiment.pauses_on]
    if not said:
        return _("Nothing pauses it but a person.")
    return _("It pauses by itself when %(conditions)s.") % {"conditions": one_of(said)}


def days(experiment: Experiment, present: datetime) -> str:
    """Such as “9 of 28”; empty without dates or before the start."""
    if experiment.starts is None or experiment.ends is None or present < experiment.starts:
        return ""
    length = max(1, -(-(experiment.ends - experiment.starts) // DAY))
    done = min(length, (present - experiment.starts) // DAY + 1)
    return _("%(done)d of %(length)d") % {"done": done, "length": length}


def headline(experiment: Experiment, document: dict[str, Any] | None) -> str:
    """One line: healthy or not, and until when nothing is to do."""
    if document is None or not sum(row["customers"] for row in document["variants"]):
        return _("No exposures yet.")
    bad = [item.title for item in health_items(document) if item.status == "fail"]
    if bad:
        return _("Not healthy: %(checks)s.") % {"checks": ", ".join(bad)}
    if crossed(document):
        return _("A guardrail is crossed.")
    watched = [item.title for item in health_items(document) if item.status == "warn"]
    if watched:
        return _("Healthy, with something to watch: %(checks)s.") % {"checks": ", ".join(watched)}
    if experiment.state == State.RUNNING:
        return _("Healthy. Nothing to do until it ends.")
    return _("Healthy.")
