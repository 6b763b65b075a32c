"""What a policy would have earned, from a log that another policy left behind."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import student, validation
from experiments.stats.adaptive.batches import FEWEST_EFFECTIVE
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.status import Standing, Status
from experiments.stats.validation import SUM_TOLERANCE, Alternative, BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class PolicyValue:
    """The value of a target policy by two weightings, and how many customers the log is worth to it.

    inverse_propensity: mean of weight x reward: no bias, wild where weights are.
    self_normalised:    the same over the mean weight: a little bias, within the range of the rewards.
    effective_customers: `(sum w)^2 / sum w^2`; below 100 both are `approximation_weak` and say so.
    """

    inverse_propensity: Estimate
    self_normalised: Estimate
    effective_customers: FloatArray


def policy_value(weight: ArrayLike, reward: ArrayLike, *, alpha: ArrayLike = 0.05) -> PolicyValue:
    """Value of a policy from `weight[..., customer] = target / logged propensity` of what was played, and its reward.

    Unit: that of the reward. Shape: that of the arguments without the customer axis. p is NaN: nothing is compared.
    Edge: `empty_arm` if no weight is above 0, `too_few` for one such customer, `zero_variance` if nothing varies.
    Errors: `ValueError` for weights below 0 or not finite: a logged propensity of 0 cannot have been played.
    Source: Horvitz & Thompson (1952); Hajek (1971), its variance by linearisation; Kong (1992) for the size.
    """
    w, y = validation.broadcast(weight=validation.finite("weight", weight), reward=validation.finite("reward", reward))
    validation.refuse("weight", w, w < 0, "must be 0 or more")
    total, size = w.sum(axis=-1), float(w.shape[-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = total**2 / (w**2).sum(axis=-1)
        hajek = (w * y).sum(axis=-1) / total
        spread = np.sqrt((w**2 * (y - hajek[..., None]) ** 2).sum(axis=-1)) / total
        mean, se = _mean_and_error(w * y)
    played = (w > 0).sum(axis=-1).astype(np.float64)
    is_missing = np.zeros(total.shape, dtype=np.bool_)
    context = _Context(np.nan_to_num(effective), played, np.full(total.shape, size), is_missing, alpha)
    return PolicyValue(
        context.estimate(mean, se, Method.IMPORTANCE),
        context.estimate(hajek, spread, Method.SELF_NORMALISED),
        np.nan_to_num(effective),
    )


def doubly_robust_value(
    target: ArrayLike,
    *,
    propensities: ArrayLike,
    action: ArrayLike,
    reward: ArrayLike,
    plug_in: ArrayLike,
    alpha: ArrayLike = 0.05,
) -> Estimate:
    """Value of the policy `target[..., customer, arm]` as the mean of `sum_a target(a) G(a)` over customers.

    `G(a) = plug_in(a) + 1{a played} (reward - plug_in(a)) / propensity(a)`; propensities and plug-ins are
    (..., customer, arm), made before the customer's reward was seen; action and reward (..., customer).
    Shape: without customers and arms. Statuses as `policy_value`, and `not_identified` where the target plays an arm
    that had propensity 0. Source: Hadad et al. (2021), eq. 5; Dudik, Langford & Li (2011).
    """
    pi, e, mu = validation.broadcast(
        target=_policy("target", target),
        propensities=_policy("propensities", propensities),
        plug_in=validation.finite("plug_in", plug_in),
    )
    played = np.asarray(action)[..., None] == np.arange(e.shape[-1])
    validation.refuse("action", np.asarray(action), ~(played & (e > 0)).any(axis=-1), "had propensity 0")
    weight = np.where(played, pi / np.where(e > 0, e, 1.0), 0.0)
    scores = (pi * mu + weight * (validation.finite("reward", reward)[..., None] - mu)).sum(axis=-1)
    w = weight.sum(axis=-1)
    effective = w.sum(axis=-1) ** 2 / np.maximum((w**2).sum(axis=-1), np.finfo(np.float64).tiny)
    is_missing = ((pi > 0) & (e == 0)).any(axis=(-2, -1))
    size = np.full(effective.shape, float(w.shape[-1]))
    context = _Context(effective, (w > 0).sum(axis=-1).astype(np.float64), size, is_missing, alpha)
    return context.estimate(*_mean_and_error(scores), Method.AIPW)


@dataclass(frozen=True, eq=False)
class _Context:
    """What all estimates of one log share."""

    effective: FloatArray
    played: FloatArray
    size: FloatArray
    is_missing: BoolArray
    alpha: ArrayLike

    def estimate(self, mean: FloatArray, se: FloatArray, method: Method) -> Estimate:
        """A value with its normal interval, warned about where few customers carry all the weight."""
        level = validation.significance(self.alpha)
        reach = student.critical_value(np.asarray(np.inf), level, Alternative.TWO_SIDED) * se
        weak = self.effective < FEWEST_EFFECTIVE
        hindrances = [
            (self.is_missing, Status.NOT_IDENTIFIED),
            (self.played == 0, Status.EMPTY_ARM),
            (self.played < 2, Status.TOO_FEW),
            (se == 0, Status.ZERO_VARIANCE),
            (weak, Status.APPROXIMATION_WEAK),
        ]
        return Estimate.judged(
            Standing(np.broadcast_shapes(reach.shape, mean.shape), hindrances),
            estimate=mean,
            se=se,
            df=np.inf,
            low=mean - reach,
            high=mean + reach,
            p=np.full(reach.shape, np.nan),
            method=method,
            alpha=level,
            n_control=np.zeros_like(self.size),
            n_treatment=self.size,
            notes=(Note(self._warning, weak),),
        )

    @property
    def _warning(self) -> str:
        worth, size = np.min(self.effective, initial=np.inf), np.max(self.size, initial=0.0)
        return f"The log of {size:,.0f} customers is worth {worth:,.1f} to this policy: a few weights carry all of it."


def _mean_and_error(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    size = scores.shape[-1]
    mean = scores.mean(axis=-1)
    spread = ((scores - mean[..., None]) ** 2).sum(axis=-1)
    return mean, np.sqrt(spread / max(size - 1, 1) / size)


def _policy(name: str, values: ArrayLike) -> FloatArray:
    array = validation.finite(name, values)
    validation.refuse(name, array, (array < 0) | (array > 1), "must lie in [0, 1]")
    total = array.sum(axis=-1)
    validation.refuse(f"the sum of {name}", total, np.abs(total - 1.0) > SUM_TOLERANCE, "must be 1 within 1e-9")
    return array
