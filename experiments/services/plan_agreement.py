"""What an import says over a plan that has already said it: the same, or it is refused."""

import math
from collections.abc import Mapping

from django.utils.translation import gettext as _

from engagement.core.errors import Conflict
from experiments.choices import MetricRole
from experiments.models import Experiment

TOLERANCE = 1e-6  # a third has no end of digits


def refuse_disagreement(planned: Experiment, primary: str | None, shares: Mapping[str, float] | None) -> None:
    """Refuses a primary metric or shares other than the plan's; None says nothing and agrees with every plan."""
    _refuse_other_primary(planned, primary)
    _refuse_other_shares(planned, shares)


def _refuse_other_primary(planned: Experiment, primary: str | None) -> None:
    if primary is None:
        return
    by_plan = next((metric.key for metric in planned.metrics.all() if metric.role == MetricRole.PRIMARY), None)
    if by_plan is not None and by_plan != primary:
        sentence = _("The primary metric of “%(key)s” is “%(plan)s” by its plan, and the import names “%(given)s”.")
        raise Conflict(sentence % {"key": planned.key, "plan": by_plan, "given": primary}, field="primary")


def _refuse_other_shares(planned: Experiment, shares: Mapping[str, float] | None) -> None:
    if shares is None:
        return
    by_plan = {variant.key: variant.share for variant in planned.variants.all()}
    is_same = set(by_plan) == set(shares) and all(
        math.isclose(share, shares[key], abs_tol=TOLERANCE) for key, share in by_plan.items()
    )
    if not is_same:
        sentence = _("The shares of “%(key)s” are %(plan)s by its plan, and the import gives %(given)s.")
        values = {"key": planned.key, "plan": _listed(by_plan), "given": _listed(shares)}
        raise Conflict(sentence % values, field="shares")


def _listed(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{key}={share:.6g}" for key, share in shares.items())
