"""Vector families of bandits, adaptive inference, the programme and its plan."""

from typing import Any

import numpy as np

from experiments import stats
from tests.oracles.comparisons import Answer, Inputs
from tests.oracles.sequential import AtTimes


class ValueAtTimes(AtTimes):
    """The same for keys that say `lower_value_at_`."""

    def __contains__(self, key: object) -> bool:
        return super().__contains__(str(key).replace("_value", ""))

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(key.replace("_value", ""))


def bandit_beta(inputs: Inputs) -> Answer:
    belief = stats.BetaPosterior.from_counts(inputs["successes"], inputs["failures"], prior=inputs["prior"])
    chance = stats.probability_best(belief)
    return {"probability_best": chance, "top_two_allocation": stats.top_two(chance, beta=inputs["beta"])}


def bandit_normal(inputs: Inputs) -> Answer:
    belief = stats.MeanPosterior(inputs["posterior_mean"], inputs["posterior_sd"])
    return {"probability_best": stats.probability_best(belief)}


def adaptive_aipw(inputs: Inputs) -> Answer:
    log = stats.BatchLog.from_rows(
        action=inputs["action"],
        reward=inputs["reward"],
        propensities=inputs["propensity_rows"],
        plug_in=inputs["plug_in"],
    )
    return {rule.replace("-", "_"): _weighted(log, rule, inputs["floor_decay"]) for rule in stats.Weights}


def _weighted(log: stats.BatchLog, rule: str, decay: float) -> Answer:
    means = stats.aipw(log, weights=rule, decay=decay)
    others_minus_last = means.contrasts(control=-1)
    return {
        "estimate": means.estimate,
        "se": np.sqrt(means.squared_error),
        "contrast_last_minus_others": -others_minus_last.estimate,
        "contrast_se": others_minus_last.se,
    }


def adaptive_ope(inputs: Inputs) -> Answer:
    shares, action = np.array(inputs["propensity_rows"]), np.array(inputs["action"])
    target = np.broadcast_to(np.arange(shares.shape[1]) == inputs["target_arm"], shares.shape).astype(float)
    weight = (action == inputs["target_arm"]) / shares[np.arange(len(action)), action]
    weighted = stats.policy_value(weight, inputs["reward"])
    robust = stats.doubly_robust_value(
        target, propensities=shares, action=action, reward=inputs["reward"], plug_in=inputs["plug_in"]
    )
    return {
        "ipw": weighted.inverse_propensity.estimate,
        "snipw": weighted.self_normalised.estimate,
        "aipw": robust.estimate,
        "aipw_se": robust.se,
    }


def batched_ols(inputs: Inputs) -> Answer:
    batches = [(np.array(batch["arm"]), np.array(batch["reward"])) for batch in inputs["batches"]]
    each = [[stats.Moments.from_values(reward[arm == side]) for side in (0, 1)] for arm, reward in batches]
    parts = ([[float(getattr(side, name)) for side in batch] for batch in each] for name in ("n", "mean", "m2"))
    log = stats.BatchLog.of(stats.Moments(*parts), np.full((len(batches), 2), 0.5), plug_in=0.0)
    found = stats.batch_contrasts(log, fewest_events=0)
    null = inputs["null_difference"]
    return {"batch_statistics": found.statistics(null)[0], "combined_z": found.combined(null)[0]}


def off_policy(inputs: Inputs) -> Answer:
    found = stats.policy_value(inputs["importance_weight"], inputs["reward"])
    return {"ips": found.inverse_propensity.estimate, "snips": found.self_normalised.estimate}


def off_policy_cs_lower(inputs: Inputs) -> Answer:
    return ValueAtTimes(
        stats.off_policy_lower(
            np.array(inputs["played_target_arm"]) / np.array(inputs["propensity"]),
            inputs["reward"],
            smallest_propensity=inputs["reward_scale_kmin"],
            alpha=inputs["alpha"],
            truncation=inputs["truncation"],
        )
    )


def winners_curse(inputs: Inputs) -> Answer:
    terms = stats.winners_curse_terms(inputs["estimates"], inputs["se"], critical_z=inputs["critical_z"])
    selected = stats.ClosedExperiments(inputs["estimates"], inputs["se"], inputs["selected"])
    return {
        "plug_in_bias_terms": terms,
        "total_selected_estimate": stats.naive_total(selected).estimate,
        "total_bias": terms.sum(),
    }


def calibration(inputs: Inputs) -> Answer:
    found = stats.calibration(inputs["forecast"], inputs["outcome"], fewest=1)
    return {"brier": found.brier, "calibration_intercept": found.intercept, "calibration_slope": found.slope}


def ratings(inputs: Inputs) -> Any:
    """Ratings with a missing one as NaN."""
    return np.array(inputs["ratings_rater_by_item"], dtype=float)


def kendall_w(inputs: Inputs) -> Answer:
    found = stats.kendall_w(ratings(inputs))
    return {"w": found.w, "chi2": found.statistic, "p_value": found.p}


def krippendorff(inputs: Inputs) -> Answer:
    return {"alpha": stats.krippendorff_alpha(ratings(inputs), scale=inputs["level"]).alpha}


def knapsack(inputs: Inputs) -> Answer:
    ideas = [
        stats.CandidateIdea(f"{place:06d}", [stats.ExperimentSize(1, {"all": customers}, value)])
        for place, (value, customers) in enumerate(zip(inputs["value"], inputs["audience"], strict=True))
    ]
    plan = stats.quarter_plan(ideas, stats.QuarterLimits({"all": inputs["capacity"]}, weeks=1), gap=0.0)
    return {"optimal_value": plan.value, "chosen": [int(item.idea) for item in plan.placed]}


FAMILIES = {
    family.__name__: family
    for family in (
        bandit_beta,
        bandit_normal,
        adaptive_aipw,
        adaptive_ope,
        batched_ols,
        off_policy,
        off_policy_cs_lower,
        winners_curse,
        calibration,
        kendall_w,
        krippendorff,
        knapsack,
    )
}
