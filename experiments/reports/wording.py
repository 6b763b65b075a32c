"""Sentences drawn from numbers: the rule in words, the recommendation, the effect as people read it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from experiments import stats
from experiments.choices import DecisionKind
from experiments.models import Metric, Variant
from experiments.readouts.rule import Plan

DAY_S = 86_400


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


def window(metric: Metric) -> str:
    """How long after the exposure an outcome counts."""
    seconds = metric.columns.get("window_s")
    if seconds is None:
        return _("No end: a running total")
    days, rest = divmod(seconds, DAY_S)
    if rest:
        return _("Closed when the file was made")
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


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
