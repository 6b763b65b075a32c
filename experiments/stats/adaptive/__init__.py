"""Inference from data that an adaptive policy collected: values, contrasts and what another policy would earn."""

from experiments.stats.adaptive.aipw import AdaptiveMeans, aipw
from experiments.stats.adaptive.batched_ols import BatchContrasts, batch_contrasts, batched_ols, drift_alarm
from experiments.stats.adaptive.batches import BatchLog
from experiments.stats.adaptive.off_policy import PolicyValue, doubly_robust_value, policy_value
from experiments.stats.adaptive.sequence import aipw_looks, aipw_sequence, off_policy_lower
from experiments.stats.adaptive.weights import Weights, evaluation_weights

__all__ = [
    "AdaptiveMeans",
    "BatchContrasts",
    "BatchLog",
    "PolicyValue",
    "Weights",
    "aipw",
    "aipw_looks",
    "aipw_sequence",
    "batch_contrasts",
    "batched_ols",
    "doubly_robust_value",
    "drift_alarm",
    "evaluation_weights",
    "off_policy_lower",
    "policy_value",
]
