"""The figures of an experiment, as plain data for the page's charts."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from engagement.core.figures import Group, Interval, forest
from engagement.core.templatetags.estimates import written_estimate
from experiments.choices import VERDICT_LABELS, VERDICT_MARKS, Direction, MetricRole
from experiments.reports.results import MetricResult, Treated
from experiments.reports.sentences import listed


def forest_figure(results: Sequence[MetricResult], smallest: float | None = None) -> dict[str, Any]:
    """Which variant did what: lift against control in % with its decision interval, a group per metric; guardrails
    have a figure of their own. `smallest`: the planned minimum effect, a lift, shaded on the primary metric.

    Each group starts with what control did, in words. A lift that cannot be given leaves its line without a drawing
    and the absolute effect in words; a verdict without an effect stands alone.
    """
    return forest(
        [_group(metric, smallest) for metric in results if metric.role != MetricRole.GUARDRAIL],
        unit="%",
        columns=(_("Lift and interval"), _("Verdict")),
        axis_words=_axis_words(results),
    )


def forest_title(results: Sequence[MetricResult]) -> str:
    """The sentence over the figure: the primary verdicts, and the metrics that say exactly the same."""
    primary, others = results[0], results[1:]
    said = _("%(sentence)s on %(metric)s") % {"sentence": primary.verdict_sentence, "metric": primary.name}
    agreeing = [metric.name for metric in others if metric.verdict_sentence == primary.verdict_sentence]
    if not agreeing:
        return said
    return _("%(sentence)s, and on %(metrics)s too") % {"sentence": said, "metrics": listed(agreeing)}


def _group(metric: MetricResult, smallest: float | None) -> Group:
    control = Interval(
        label=_("Control: %(name)s") % {"name": metric.control_name},
        value=None, low=None, high=None, variant=0, interval_words=metric.control_text,
    )  # fmt: skip
    title = f"{metric.role_label}: {metric.name}"
    band = (-100 * smallest, 100 * smallest) if smallest and metric.is_primary else None
    return Group(title, [control, *(_interval(row) for row in metric.treated)], band)


def _interval(row: Treated) -> Interval:
    effect = row.effect
    verdict = f"{VERDICT_MARKS[effect.verdict]} {VERDICT_LABELS[effect.verdict]}"
    if effect.lift is not None and effect.lift_low is not None and effect.lift_high is not None:
        numbers = [100 * number for number in (effect.lift, effect.lift_low, effect.lift_high)]
        value, low, high = numbers
        words = written_estimate(value, low, high, unit="%")
        return Interval(
            row.name, value, low, high, row.place,
            value_words=words.value if words else "", interval_words=words.interval if words else "", verdict=verdict,
        )  # fmt: skip
    words = written_estimate(effect.estimate, effect.low, effect.high, effect.shown_unit, effect.scale)
    return Interval(
        row.name, None, None, None, row.place,
        value_words=words.value if words else "–", interval_words=words.interval if words else "", verdict=verdict,
    )  # fmt: skip


def _axis_words(results: Sequence[MetricResult]) -> tuple[str, str]:
    if all(metric.direction == Direction.UP for metric in results):
        return _("worse than control"), _("better than control")
    return _("less than control"), _("more than control")
