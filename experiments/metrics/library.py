"""Standard metrics, each as data: what it means in words, where it belongs, how it is counted.

Events by the names that the tracking guide suggests; a workspace that calls them otherwise takes one and changes it.
NPS and CSAT by their public definitions: share of 9 and 10 less share of 0 to 6, in points; share of 4 and 5 of 5.
"""

from dataclasses import dataclass
from typing import Any

from experiments.metrics.definition import DAY_S, Measure, MetricDefinition

# What opens and clicks are called: mechanics, read by machines as often as by people, never a reason to decide.
MECHANICS = frozenset({
    "open", "opened", "email open", "email opened", "push opened", "message opened", "notification opened",
    "click", "clicked", "email click", "email clicked", "email link clicked", "link clicked", "push clicked",
    "message clicked",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class StandardMetric:
    """`group`: activation, monetisation or retention; of annoyance and mechanics none."""

    name: str
    words: str
    group: str
    definition: MetricDefinition


def is_mechanics(definition: MetricDefinition) -> bool:
    """Whether a metric counts opens or clicks, which may be watched and never decide."""
    return any(names_mechanics(event) for event in definition.events)


def names_mechanics(event: str) -> bool:
    """Whether an event, or a column of results, is called what opens and clicks are called."""
    return _plain(event) in MECHANICS


def _plain(event: str) -> str:
    return " ".join(event.replace("_", " ").replace("-", " ").casefold().split())


def _retained(key: str, day: int, width: int = 1, event: str = "session") -> MetricDefinition:
    return MetricDefinition(key, "retention", event, from_s=day * DAY_S, window_s=(day + width) * DAY_S)


def _in_days(key: str, kind: Any, event: str, days: int, **more: Any) -> MetricDefinition:
    return MetricDefinition(key, kind, event, window_s=days * DAY_S, **more)


def _answers(key: str, event: str, *bands: tuple[float, float, float]) -> MetricDefinition:
    return MetricDefinition(
        key,
        "ratio",
        window_s=28 * DAY_S,
        numerator=Measure(event, bands=bands),
        denominator=Measure(event, value=False),
    )


LIBRARY = (
    StandardMetric(
        "Day 1 retention", "Came back on the first day after: a session in the hours 24 to 48.", "activation",
        _retained("retained_1", 1),
    ),
    StandardMetric(
        "Day 7 retention", "Came back on day 7 exactly: a session in the hours 168 to 192.", "retention",
        _retained("retained_7", 7),
    ),
    StandardMetric(
        "Retention from day 7 to 14", "Came back on or after day 7 and before day 14.", "retention",
        _retained("retained_7_to_14", 7, 7),
    ),
    StandardMetric(
        "Rolling day 7 retention", "Still coming: any session on day 7 or later, until day 30.", "retention",
        _retained("retained_7_rolling", 7, 23),
    ),
    StandardMetric(
        "Day 30 retention", "Came back on day 30 exactly.", "retention", _retained("retained_30", 30)
    ),
    StandardMetric(
        "Visits in 14 days", "How often a customer came in 14 days.", "retention",
        _in_days("visits_14", "mean", "session", 14, counted=True),
    ),
    StandardMetric(
        "Session time in 14 days", "Seconds spent in 14 days, by the value of “session_end”.", "activation",
        _in_days("session_time_14", "mean", "session_end", 14, unit="s", winsorise=0.999),
    ),
    StandardMetric(
        "Conversion", "Ordered at least once in 14 days.", "activation",
        _in_days("converted_14", "proportion", "order", 14),
    ),
    StandardMetric(
        "Repeat purchase", "Ordered at least twice in 28 days.", "monetisation",
        _in_days("repeat_purchase_28", "proportion", "order", 28, threshold=2),
    ),
    StandardMetric(
        "Orders per customer", "How many orders in 28 days, buyers or not.", "monetisation",
        _in_days("orders_28", "mean", "order", 28, counted=True),
    ),
    StandardMetric(
        "Revenue per customer", "Money in 28 days divided by exposed customers, buyers or not; the largest capped.",
        "monetisation", _in_days("revenue_28", "mean", "order", 28, winsorise=0.999),
    ),
    StandardMetric(
        "Lifetime value to date", "Money since the exposure, up to today: a running total, for watching.",
        "monetisation", MetricDefinition("revenue_to_date", "mean", "order"),
    ),
    StandardMetric(
        "NPS", "Of those who answered, share of 9 and 10 less share of 0 to 6, in points.", "retention",
        _answers("nps", "nps_answered", (9, 10, 100), (0, 6, -100)),
    ),
    StandardMetric(
        "NPS response rate", "Share of customers who answered the question.", "",
        _in_days("nps_answered_28", "proportion", "nps_answered", 28),
    ),
    StandardMetric(
        "CSAT", "Of those who answered, the share of 4 and 5 of 5.", "retention",
        _answers("csat", "csat_answered", (4, 5, 1)),
    ),
    StandardMetric(
        "CSAT response rate", "Share of customers who answered the question.", "",
        _in_days("csat_answered_28", "proportion", "csat_answered", 28),
    ),
    StandardMetric(
        "Unsubscribe rate", "Share of customers who unsubscribed in 14 days.", "",
        _in_days("unsubscribed_14", "proportion", "unsubscribe", 14, direction="down"),
    ),
    StandardMetric(
        "Complaint rate", "Share of customers who complained in 14 days.", "",
        _in_days("complained_14", "proportion", "complaint", 14, direction="down"),
    ),
    StandardMetric(
        "Bounce rate", "Share of customers whose address did not exist.", "",
        _in_days("bounced_14", "proportion", "bounce", 14, direction="down"),
    ),
    StandardMetric(
        "Open rate", "Share of customers who opened, without bursts of machines. Shows mechanics only.", "",
        _in_days("opened_14", "proportion", "email opened", 14, without_bursts=True),
    ),
    StandardMetric(
        "Click rate", "Share of customers who clicked, without bursts of machines. Shows mechanics only.", "",
        _in_days("clicked_14", "proportion", "email link clicked", 14, without_bursts=True),
    ),
)  # fmt: skip
