"""Bandits: how often to play which arm, who gets it, and when to stop."""

from experiments.stats.bandits.allocation import FLOOR, probability_matching, top_two, with_floor
from experiments.stats.bandits.assignment import BanditBatch, BanditDecisions, chosen_arms, context_hashes, hashed_units
from experiments.stats.bandits.contextual import ContextualDecisions, LinearThompson
from experiments.stats.bandits.delays import matured_batches, surrogate_counts
from experiments.stats.bandits.drift import DiscountedMoments, change_e_value, discounted_moments, discounted_sums
from experiments.stats.bandits.posteriors import BetaPosterior, MeanPosterior, Posterior, probability_best
from experiments.stats.bandits.stopping import BestArm, best_mean, best_rate, value_remaining

__all__ = [
    "FLOOR",
    "BanditBatch",
    "BanditDecisions",
    "BestArm",
    "BetaPosterior",
    "ContextualDecisions",
    "DiscountedMoments",
    "LinearThompson",
    "MeanPosterior",
    "Posterior",
    "best_mean",
    "best_rate",
    "change_e_value",
    "chosen_arms",
    "context_hashes",
    "discounted_moments",
    "discounted_sums",
    "hashed_units",
    "matured_batches",
    "probability_best",
    "probability_matching",
    "surrogate_counts",
    "top_two",
    "value_remaining",
    "with_floor",
]
