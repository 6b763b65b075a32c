"""The batches of a bandit as the store and the record of its shares tell them."""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from engagement.core.errors import Conflict
from experiments.metrics.clock import EPOCH
from experiments.models import Experiment
from experiments.readouts.bandit import Batch

SAME = 1e-6
ROUNDING = 1e-3  # of shares that a file tells with few digits; they are brought to a sum of 1


def met(experiment: Experiment, variants: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[Batch]:
    """The batches that customers came in with, oldest first. `variants`: control first.

    rows: `batch, variant, customers, first_us, last_us, lowest, highest` (propensities, 0 if not told).
    A batch's shares are those on record here; those of an experiment that runs elsewhere are what its exposures say,
    and the planned ones where they say nothing.
    """
    recorded = {row.number: row for row in experiment.batch_shares.all()}
    planned = {variant.key: variant.share for variant in experiment.variants.all()}
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["batch"], []).append(row)
    batches = []
    for number, parts in sorted(found.items()):
        begun = EPOCH + timedelta(microseconds=min(part["first_us"] for part in parts))
        if number in recorded:
            shares, begun = tuple(recorded[number].shares), recorded[number].at
        else:
            shares = _told(number, parts, variants, planned)
        customers = sum(part["customers"] for part in parts)
        batches.append(Batch(number, begun, shares, customers, max(part["last_us"] for part in parts)))
    return batches


def _told(
    number: int, parts: Sequence[Mapping[str, Any]], variants: Sequence[str], planned: Mapping[str, float]
) -> tuple[float, ...]:
    """The shares as the exposures' propensities tell them; variants that nobody met share what is left."""
    told = {part["variant"]: (part["lowest"], part["highest"]) for part in parts}
    if not any(high for _low, high in told.values()):
        return tuple(planned[variant] for variant in variants)
    for variant, (low, high) in told.items():
        if not math.isclose(low, high, abs_tol=SAME):
            sentence = _("Batch %(batch)s has customers of “%(variant)s” at shares %(low)s and %(high)s; it has one.")
            raise Conflict(sentence % {"batch": number, "variant": variant, "low": f"{low:.4g}", "high": f"{high:.4g}"})
    left, missing = 1.0 - sum(low for low, _high in told.values()), len(variants) - len(told)
    if left < -ROUNDING or (not missing and abs(left) > ROUNDING):
        sentence = _("The shares of batch %(batch)s add up to %(sum)s; they must make 1.")
        raise Conflict(sentence % {"batch": number, "sum": f"{1.0 - left:.4g}"})
    shares = [told[variant][0] if variant in told else max(left, 0.0) / missing for variant in variants]
    return tuple(share / sum(shares) for share in shares)
