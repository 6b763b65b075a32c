"""Sentences drawn from numbers: the rule in words, the recommendation, the effect as people read it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from experiments import stats
from experiments.choices import DecisionKind, ExperimentKind, MetricRole
from experiments.models import Experiment, Metric, Variant
from experiments.readouts.rule import Plan

DAY_S = 86_400
LONG_LAG_DAYS = 14  # of a primary metric: behind it a bandit follows what worked two weeks ago


def decision_rule(plan: Plan, treatments: int, secondary: int) -> str:
    """The rule the verdicts follow, in words."""
    if plan.looks > 1:
        rule = _("%(count)d looks at most, which together err as rarely as one (alpha spending).") % {
            "count": plan.looks
        }
        if treatments > 1:
            rule += " " + _("Each treatment spends its own part.")
    elif treatments > 1:
        rule = ngettext(
            "One look at the end. The primary metric decides, with Dunnett’s correction over %(count)d treatment.",
            "One look at the end. The primary metric decides, with Dunnett’s correction over %(count)d treatments.",
            treatments,
        ) % {"count": treatments}
    else:
        level = f"{100 * (1 - plan.alpha):.3g}%"
        rule = _("One look at the end. The primary metric decides, with a %(level)s interval.") % {"level": level}
    if secondary * treatments > 1:
        rule += " " + _("Secondary metrics are corrected together (Benjamini and Hochberg).")
    return rule


def metric_name(key: str) -> str:
    """A metric's key as people read it: read_in_week_2 is “read in week 2”."""
    return key.replace("_", " ").replace("-", " ").strip() or key


def lag_days(experiment: Experiment) -> int | None:
    """How many days a bandit's shares are behind its results, where that is long enough to plan otherwise."""
    primary = next((metric for metric in experiment.metrics.all() if metric.role == MetricRole.PRIMARY), None)
    if experiment.kind != ExperimentKind.BANDIT or primary is None:
        return None
    days = (primary.definition.window_s or 0) // DAY_S
    return days if days >= LONG_LAG_DAYS else None


def window(metric: Metric) -> str:
    """When after the exposure an outcome counts: “14 days”, or “From 7 to 14 days after exposure”."""
    if hasattr(metric.experiment, "results_import"):
        return _("Closed when the file was made")
    opens, closes = metric.columns.get("from_s") or 0, metric.columns.get("window_s")
    if closes is None and not opens:
        return _("No end: a running total")
    if closes is None:
        return _("A running total from %(start)s after exposure") % {"start": _duration(opens)}
    if not opens:
        return _duration(closes)
    unit = _largest_unit(opens, closes)
    return _("From %(first)d to %(last)s after exposure") % {"first": opens // unit, "last": _duration(closes, unit)}


def _duration(seconds: int, unit: int | None = None) -> str:
    unit = unit or _largest_unit(seconds)
    count = seconds // unit
    match unit:
        case 86_400:
            words = ngettext("%(count)d day", "%(count)d days", count)
        case 3_600:
            words = ngettext("%(count)d hour", "%(count)d hours", count)
        case 60:
            words = ngettext("%(count)d minute", "%(count)d minutes", count)
        case _:
            words = ngettext("%(count)d second", "%(count)d seconds", count)
    return words % {"count": count}


def _largest_unit(*seconds: int) -> int:
    """Days, hours or minutes in seconds, whichever is the largest that all are whole numbers of."""
    return next((unit for unit in (DAY_S, 3_600, 60) if all(part % unit == 0 for part in seconds)), 1)


def recommendation(
    primary: Sequence[dict[str, Any]], guardrails: Sequence[dict[str, Any]], variants: Sequence[Variant]
) -> dict[str, Any] | None:
    """What the rule suggests for the whole experiment; people decide. None while there is nothing to decide.

    A variant that is better ships only if all its guardrails pass.
    """
    better = [c for c in primary if c["verdict"] == stats.Verdict.BETTER]
    if better:
        best = max(better, key=lambda c: abs(c["absolute"]["estimate"]))
        name = next(v.name for v in variants if v.key == best["variant"])
        if any(row["variant"] == best["variant"] and not row["margin"]["passed"] for row in guardrails):
            reason = _("%(name)s is better on the primary metric, but not all its guardrails pass.") % {"name": name}
            return {"decision": DecisionKind.ITERATE, "variant": None, "reason": reason}
        reason = _("The interval of %(name)s on the primary metric lies wholly on the good side of zero.")
        reason %= {"name": name}
        return {"decision": DecisionKind.SHIP, "variant": best["variant"], "reason": reason}
    words = {c["verdict"] for c in primary}
    if stats.Verdict.INVALID in words:
        reason = _("A health check failed, so that no effect can be trusted.")
        return {"decision": DecisionKind.STOP, "variant": None, "reason": reason}
    if stats.Verdict.NOT_ENOUGH_DATA in words:
        return None
    reason = _("No variant is better than control on the primary metric.")
    return {"decision": DecisionKind.KEEP_CONTROL, "variant": None, "reason": reason}
