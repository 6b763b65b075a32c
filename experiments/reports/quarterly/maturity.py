"""How mature the way of working is: what members rated beside what the quarter's data tell, factor by factor."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from backlog.choices import Grade
from backlog.models import Evidence
from engagement.customers.models import Consent, Customer
from engagement.messaging.queries import sending_limits
from experiments import queries
from experiments.choices import MetricRole
from experiments.maturity import AXES, LEAST_RATERS, MARKS, RATING_MARK, Axis, Factor, is_at_mark, level
from experiments.models import Decision, Experiment, Variant
from experiments.queries import maturity as ratings

Figures = Mapping[str, Any]


def maturity(
    quarter: str, *, decisions: Sequence[Decision], process: Figures, felt: Sequence[Figures], contacts: Figures | None,
    start: datetime, end: datetime,
) -> dict[str, Any]:  # fmt: skip
    """JSON-ready: the `level`, and of each factor rating, raters, measured value, mark and whether it is at its mark.

    process, felt, contacts: the quarter's own figures, as its report holds them.
    """
    rated = ratings.ratings(quarter)
    measured = {
        **_decided(decisions, process),
        **_launched(queries.launched().filter(starts__gte=start, starts__lt=end)),
        Factor.DECISIONS: _decision_share(start, end),
        Factor.CONSENT: _consent_share(),
        Factor.PRESSURE: contacts["p95"] if contacts else None,
        Factor.LIMITS: _limits(),
        Factor.LISTENING: len(felt),
    }
    rows = [
        _row(axis, factor, measured[factor], rated.get(factor)) for axis, factors in AXES.items() for factor in factors
    ]
    return {
        "level": level([Factor(row["factor"]) for row in rows if row["is_at_mark"]]),
        "raters": ratings.rater_count(quarter),
        "least_raters": LEAST_RATERS,
        "rating_mark": RATING_MARK,
        "factors": rows,
    }


def _row(axis: Axis, factor: Factor, measured: float | None, rated: ratings.Rated | None) -> dict[str, Any]:
    rating, mark = rated.average if rated else None, MARKS[factor]
    return {
        "axis": axis, "factor": factor, "rating": rating, "raters": rated.raters if rated else 0,
        "measured": measured, "mark": mark.value, "unit": mark.unit, "is_ceiling": mark.is_ceiling,
        "is_at_mark": is_at_mark(factor, measured=measured, rating=rating),
    }  # fmt: skip


def _decided(decisions: Sequence[Decision], process: Figures) -> dict[Factor, float | None]:
    documents = [decision.readout.document for decision in decisions]
    guarded = [any(metric["role"] == MetricRole.GUARDRAIL for metric in one["metrics"]) for one in documents]
    sound = [all(check["status"] != "fail" for check in one["health"]) for one in documents]
    return {
        Factor.GUARDRAILS: _share(sum(guarded), len(documents)),
        Factor.TRUST: _share(sum(sound), len(documents)),
        Factor.LEARNING: _share(process["closed"], process["decided"]),
        Factor.SPEED: process["median_days"],
    }


def _launched(begun: QuerySet[Experiment]) -> dict[Factor, float | None]:
    """Of the experiments that were launched in the quarter; no channel where nothing was."""
    sources = Evidence.objects.filter(idea=OuterRef("idea")).exclude(grade=Grade.OPINION)
    rows = list(begun.annotate(is_backed=Exists(sources)).values_list("pk", "is_backed", "audience_version"))
    variants = Variant.objects.filter(experiment__in=[pk for pk, _backed, _for in rows], message__isnull=False)
    channels = {on for one in variants.select_related("message") if one.message for on in one.message.channels}
    return {
        Factor.EVIDENCE: _share(sum(is_backed for _pk, is_backed, _for in rows), len(rows)),
        Factor.AUDIENCES: _share(sum(version is not None for *_rest, version in rows), len(rows)),
        Factor.CHANNELS: len(channels) if rows else None,
    }


def _decision_share(start: datetime, end: datetime) -> float | None:
    """Of what came to its end in the quarter, stopped early included."""
    over = queries.over_between(start, end)
    return _share(over.filter(decision__isnull=False).count(), over.count())


def _consent_share() -> float | None:
    said = Consent.objects.filter(is_newest=True, customer__merged_into=None).values("customer").distinct().count()
    return _share(said, Customer.objects.filter(merged_into=None).count())


def _limits() -> int:
    limits = sending_limits()
    return (limits.quiet_from is not None) + (limits.most is not None)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
