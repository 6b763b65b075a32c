"""Is this result to be trusted at all? Each check is one entry of the readout's `health`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import ArrayLike

from engagement.customers.queries import STALE_AFTER, Age
from engagement.messaging.choices import DeliveryState
from engagement.messaging.gate import Refusal
from engagement.messaging.queries import fate
from experiments import stats
from experiments.metrics.summarise import ExperimentSums, Late, Repeated
from experiments.readouts.metric_data import MetricData
from experiments.readouts.rule import Plan
from experiments.reports.wording import metric_name

ALARM_P = 0.001
ALARM_E = 1000.0
CONTAMINATED_SHARE = NOTABLE_SHARE = 0.01
FOUND_MORE_OFTEN = 0.5
SMALL_PART = 0.5
INVALIDATING = frozenset(
    {"sample_ratio", "maturity", "contamination"}
)  # a failure of these leaves no effect to be trusted


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    status: str  # pass, warn or fail
    message: str
    p_value: float | None = None
    e_value: float | None = None
    about: tuple[str, ...] = ()  # what it is about, where it speaks of some of several things

    def as_json(self) -> dict[str, Any]:
        numbers = {"p_value": self.p_value, "e_value": self.e_value}
        about = {"about": list(self.about)} if self.about else {}
        return {"check": self.name, "status": self.status, **numbers, "message": self.message, **about}


def sample_ratio(sums: ExperimentSums, shares: ArrayLike, *, is_import: bool) -> Check:
    """Whether the counts fit the planned shares: at p < 0.001 for a finished import, at e ≥ 1,000 for live counts."""
    test = stats.sample_ratio_test(sums.customers, shares)
    sequential = stats.sequential_sample_ratio(sums.customers[None, :], shares)
    p, e = _finite(test.p), _finite(np.minimum(sequential.e_value[-1], 1e300))
    if p is None or e is None:
        return Check("sample_ratio", "warn", _("Nobody has met a variant yet."))
    failed = p < ALARM_P if is_import else e >= ALARM_E
    observed = " : ".join(f"{count:,.0f}" for count in sums.customers)
    planned = " : ".join(f"{share:.4g}" for share in np.asarray(shares))
    values = {"observed": observed, "planned": planned}
    if failed:
        message = _("Sample ratio mismatch: %(observed)s customers do not fit the planned shares %(planned)s.") % values
    else:
        message = _("%(observed)s customers fit the planned shares %(planned)s.") % values
    return Check("sample_ratio", "fail" if failed else "pass", message, p, e)


def maturity(data: MetricData, sums: ExperimentSums, shares: ArrayLike) -> Check | None:
    """How many of the exposed count already for the metric that decides: those whose window has closed.

    Warns while they are less than half. Whose window has closed hangs on the calendar alone: where those who count do
    not fit the planned shares (e ≥ 1,000), something else chose them, and it fails as the sample ratio does. None
    where nobody was exposed yet.
    """
    exposed, counted = sums.customers.sum(), data.n.sum()
    if not exposed:
        return None
    share = counted / exposed
    values = {
        "count": f"{counted:,.0f}",
        "exposed": f"{exposed:,.0f}",
        "share": f"{100 * share:.3g}",
        "metric": metric_name(data.definition.key),
    }
    sentence = _("The window of “%(metric)s” has closed for %(count)s of %(exposed)s exposed customers (%(share)s%%).")
    message = sentence % values
    e = _finite(np.minimum(stats.sequential_sample_ratio(data.n[None, :], shares).e_value[-1], 1e300))
    if e is not None and e >= ALARM_E:
        return Check("maturity", "fail", message + " " + _("Their variants do not fit the planned shares."), None, e)
    return Check("maturity", "warn" if share < SMALL_PART else "pass", message, None, e)


def contamination(sums: ExperimentSums) -> Check:
    """Whether customers met more than one variant: fails when their share differs by variant, warns above 1%."""
    counts = sums.contaminated
    total, customers = counts.sum(), sums.customers.sum()
    if total == 0:
        return Check("contamination", "pass", _("No customer met more than one variant."))
    p = _equal_shares(counts, sums.customers)
    values = {"count": f"{total:,.0f}", "share": f"{100 * total / customers:.2g}"}
    message = _("%(count)s customers (%(share)s%%) met more than one variant; each counts for the first.") % values
    if p is not None and p < ALARM_P:
        message += " " + _("Their share differs by variant.")
        return Check("contamination", "fail", message, p)
    return Check("contamination", "warn" if total / customers > CONTAMINATED_SHARE else "pass", message, p)


def covariate_balance(datas: Sequence[MetricData]) -> Check | None:
    """Whether what was measured before exposure is alike in all variants; None where no covariate is declared."""
    found = {d.definition.key: d.covariate_balance().p for d in datas if d.has_covariate}
    # Too few customers to compare: nothing to be said yet.
    p = {key: float(values[~np.isnan(values)].min()) for key, values in found.items() if not np.isnan(values).all()}
    if not p:
        return None
    uneven = [key for key, value in p.items() if value < ALARM_P]
    if uneven:
        named = ", ".join(metric_name(key) for key in uneven)
        message = _("Before exposure the variants differed on %(metrics)s.") % {"metrics": named}
    else:
        message = _("Before exposure the variants were alike.")
    return Check("covariate_balance", "fail" if uneven else "pass", message, min(p.values()))


def freshness(ages: Sequence[Age]) -> Check | None:
    """How old the newest event of each live feed is: warns past its stated delay, fails past four times it.

    None where no feed is live: what is imported says itself to when it is complete.
    """
    if not ages:
        return None
    worst = max(ages, key=lambda feed: feed.age / feed.stated_delay)
    values = {"event": worst.event, "age": _hours(worst.age), "delay": _hours(worst.stated_delay)}
    if worst.age <= worst.stated_delay:
        return Check("freshness", "pass", _("The newest events are younger than their feeds' stated delay."))
    message = _("The newest event “%(event)s” is %(age)s old; its feed's stated delay is %(delay)s.") % values
    stale = tuple(feed.event for feed in ages if feed.age > STALE_AFTER * feed.stated_delay)
    return Check("freshness", "fail" if stale else "warn", message, about=stale)


def late_events(late: Late) -> Check:
    """Whether much arrived for days that had been counted: warns above 1% of the events."""
    if not late.count:
        return Check("late_events", "pass", _("Nothing came after its day had been counted."))
    share = late.count / max(late.events, 1)
    sentence = _(
        "%(count)s events, exposures or merges (%(share)s%%) came after their day had been counted and are left out; "
        "a full analysis takes them in."
    )
    message = sentence % {"count": f"{late.count:,}", "share": f"{100 * share:.2g}"}
    return Check("late_events", "warn" if share > NOTABLE_SHARE else "pass", message)


def duplicates(repeated: Repeated | None) -> Check | None:
    """Whether live feeds sent the same event under several message ids: warns above 1%. None where no feed is live."""
    if repeated is None:
        return None
    if not repeated.count:
        return Check("duplicates", "pass", _("No live event came twice under another message id."))
    share = repeated.count / max(repeated.events, 1)
    sentence = _("%(count)s live events (%(share)s%%) repeat another of the same customer, moment and amount.")
    message = sentence % {"count": f"{repeated.count:,}", "share": f"{100 * share:.2g}"}
    return Check("duplicates", "warn" if share > NOTABLE_SHARE else "pass", message)


def cap_loss(experiment: str) -> Check | None:
    """Whether the frequency cap kept many from their message: warns above 1% of those due. None where nothing is due.

    They stay in the analysis, each with their variant: what is measured is the offer and not the mail.
    """
    found = fate(experiment)
    due, lost = sum(found.values()), found.get((DeliveryState.NOT_SENT, Refusal.CAP), 0)
    if not due:
        return None
    share = lost / due
    sentence = _("The frequency cap kept back %(count)s of %(due)s messages (%(share)s%%).")
    message = sentence % {"count": f"{lost:,}", "due": f"{due:,}", "share": f"{100 * share:.2g}"}
    return Check("cap_loss", "warn" if share > NOTABLE_SHARE else "pass", message)


def guardrails(harm: Mapping[tuple[str, str], float | None], names: Mapping[str, str]) -> Check | None:
    """Whether a treatment is seen to harm a guardrail, by evidence that holds at every look: warns from the alarm on.

    harm: per guardrail and variant (keys) the e-value of its comparison, None where there is none yet; `names`: of the
    variants. Told while the effects are sealed too, and then no more than that. None where nothing can be judged.
    """
    known = {pair: value for pair, value in harm.items() if value is not None}
    if not known:
        return None
    alarmed = {pair: value for pair, value in known.items() if stats.is_harm_alarm(value)}
    if not alarmed:
        return Check("guardrails", "pass", _("No treatment is seen to do harm."))
    crossed = ", ".join(
        _("%(variant)s on “%(metric)s”") % {"variant": names[variant], "metric": metric_name(metric)}
        for metric, variant in alarmed
    )
    values = {"crossed": crossed, "most": f"{stats.HARM_ALARM:.0f}"}
    sentence = _("Harm is shown: %(crossed)s. Without any, evidence this strong comes up less than once in %(most)s.")
    about = tuple(f"{metric}/{variant}" for metric, variant in alarmed)
    return Check("guardrails", "warn", sentence % values, None, max(alarmed.values()), about)


def underpowered(data: MetricData, plan: Plan, shares: Sequence[float]) -> Check | None:
    """Whether the plan's minimum effect would be missed more often than found at the planned customers.

    Judged by the noise seen so far in the control. None where no plan says how many, or no noise was seen yet.
    """
    mean, variance = float(data.mean[0]), float(data.variance[0])
    if not plan.customers or not plan.minimum_effect or not variance > 0 or not np.isfinite(mean) or mean == 0:
        return None
    metric = stats.PlannedMean(np.asarray(variance), np.asarray(abs(mean)))
    effect = plan.minimum_effect * abs(mean)
    control = plan.customers * shares[0]
    chances = [
        stats.achieved_power(metric, effect=effect, control_customers=control, allocation=share / shares[0])
        for share in shares[1:]
    ]
    power = min(float(chance) for chance in chances)
    values = {"effect": f"{100 * plan.minimum_effect:.3g}", "power": f"{100 * power:.0f}"}
    message = (
        _("An effect of %(effect)s%% would be found with a chance of %(power)s%% at the planned customers.") % values
    )
    return Check("underpowered", "warn" if power < FOUND_MORE_OFTEN else "pass", message)


def _hours(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return (
        _("%(count)s days") % {"count": f"{hours / 24:.1f}"}
        if hours >= 48
        else _("%(count)s hours") % {"count": f"{hours:.1f}"}
    )


def is_stale(check: Check) -> bool:
    return check.status == "fail" and check.name == "freshness"


def _finite(value: ArrayLike) -> float | None:
    number = float(np.asarray(value))
    return number if np.isfinite(number) else None


def invalidates(check: Check) -> bool:
    return check.status == "fail" and check.name in INVALIDATING


def _equal_shares(counts: np.ndarray, customers: np.ndarray) -> float | None:
    """p-value of the hypothesis that the counted share is the same in every variant."""
    present = customers > 0
    if present.sum() < 2:
        return None
    shares = customers[present] / customers[present].sum()
    return _finite(stats.sample_ratio_test(counts[present], shares).p)
