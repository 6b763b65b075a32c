"""Is this result to be trusted at all? Each check is one entry of the readout's `health`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import ArrayLike

from experiments import stats
from experiments.metrics.summarise import ExperimentSums
from experiments.readouts.metric_data import MetricData

ALARM_P = 0.001
ALARM_E = 1000.0
CONTAMINATED_SHARE = 0.01
INVALIDATING = frozenset({"sample_ratio", "contamination"})  # a failure of these leaves no effect to be trusted


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    status: str  # pass, warn or fail
    message: str
    p_value: float | None = None
    e_value: float | None = None

    def as_json(self) -> dict[str, Any]:
        numbers = {"p_value": self.p_value, "e_value": self.e_value}
        return {"check": self.name, "status": self.status, **numbers, "message": self.message}


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
        message = _("Before exposure the variants differed on %(metrics)s.") % {"metrics": ", ".join(uneven)}
    else:
        message = _("Before exposure the variants were alike.")
    return Check("covariate_balance", "fail" if uneven else "pass", message, min(p.values()))


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
