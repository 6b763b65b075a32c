"""What the workspace's decided experiments lead one to expect of the next: a prior learned from all of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext as _

from engagement.core.templatetags.estimates import written_estimate
from experiments import queries, stats
from experiments.models import Metric
from experiments.reports.quarterly.programme import MeasuredLift, measured_lifts
from experiments.reports.wording import metric_name
from experiments.stats.programme.forecasts import FEWEST_CLOSED

LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Experience:
    """What is believed of the next effect before its data, as lifts of the level.

    metric:     whose experiments it rests on; empty where it rests on those of all metrics.
    chance:     that the true effect exceeds the minimum effect; None with fewer outcomes than `fewest`, as the rest.
    low, high:  between them lie nine in ten true effects.
    """

    count: int
    fewest: int
    metric: str
    minimum: float
    chance: float | None = None
    middle: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def basis(self) -> str:
        values = {"count": self.count, "fewest": self.fewest, "metric": metric_name(self.metric)}
        if self.chance is None:
            return _("From %(fewest)d decided, valid experiments on: %(count)d are there.") % values
        if self.metric:
            words = _(
                "Learned from %(count)d decided, valid experiments on “%(metric)s”, shipped or not, with the noise of "
                "each taken out."
            )
        else:
            words = _(
                "Learned from %(count)d decided, valid experiments on all metrics, shipped or not, with the noise of "
                "each taken out: fewer than %(fewest)d are on this one."
            )
        return words % values

    @property
    def sentence(self) -> str:
        """The chance in words; empty with too few outcomes."""
        if self.chance is None:
            return ""
        whole = round(100 * self.chance)
        chance = f"{whole}%" if 0 < whole < 100 else _("under 1%") if whole == 0 else _("over 99%")
        values = {"chance": chance, "minimum": f"{100 * self.minimum:.3g}%"}
        words = _("The chance that its true effect is worth having, more than %(minimum)s of the level, is %(chance)s.")
        return words % values

    @property
    def range_sentence(self) -> str:
        written = written_estimate(self.middle, self.low, self.high, "%", 100)
        if not written:
            return ""
        values = {"middle": written.value, "range": written.interval}
        return _("Nine in ten true effects lie between %(range)s, half of them above %(middle)s.") % values


def experience(metric: Metric, *, minimum_effect: float) -> Experience:
    """`minimum_effect`: a share of the level, above 0, in the metric's good direction.

    Experiments on the same metric where there are enough of them, else on all: a lift is a lift. Below twenty outcomes
    no chance is given.
    """
    by_metric = measured_lifts(queries.newest_decisions(), all_customers=0)
    same = by_metric.get(metric.key, [])
    lifts = same if len(same) >= FEWEST_CLOSED else [lift for lifts in by_metric.values() for lift in lifts]
    told = Experience(len(lifts), FEWEST_CLOSED, metric.key if lifts is same else "", minimum_effect)
    if len(lifts) < FEWEST_CLOSED:
        return told
    return _believed(told, lifts, is_down=metric.direction == "down")


def _believed(told: Experience, lifts: Iterable[MeasuredLift], *, is_down: bool) -> Experience:
    """On the log-lift scale; a fall of 10% is a good 1/0.9 − 1 there, so the threshold is turned as the lifts are."""
    signed = [(-lift.estimate if lift.direction == "down" else lift.estimate, lift.se) for lift in lifts]
    estimates, se = np.array(signed).T
    effects = stats.learned_prior(estimates, se).effects
    threshold = -math.log1p(-min(told.minimum, 0.999)) if is_down else math.log1p(told.minimum)
    ends = [float(effects.quantile(share)) for share in ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)]
    low, middle, high = (math.expm1(-end) for end in reversed(ends)) if is_down else (math.expm1(end) for end in ends)
    return replace(told, chance=float(effects.chance_above(threshold)), middle=middle, low=low, high=high)
