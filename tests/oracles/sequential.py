"""Vector families of sequential tests, guardrails, power and Bayesian answers."""

from typing import Any

import numpy as np

from experiments import stats
from tests.oracles.comparisons import Answer, Inputs, both, both_counts, interval, moments


def group_sequential(inputs: Inputs) -> Answer:
    schedule = stats.group_sequential(
        inputs["information_fractions"], alpha=inputs["alpha_two_sided"], spending=inputs["spending"]
    )
    return {"z_bounds": schedule.bounds}


def effect_on(scale: str, inputs: Inputs) -> stats.Estimate:
    """The comparison on the scale the entry asks for."""
    compare = stats.delta_lift if scale.startswith("relative") else stats.welch
    return compare(*both(inputs))


def asymptotic_cs(inputs: Inputs) -> Answer:
    found = stats.confidence_sequence(
        effect_on(inputs["scale"], inputs), planned_customers=inputs["n_star"], alpha=inputs["alpha"]
    )
    return {"difference": found.estimate, "ci": interval(found), "p_value": found.p}


class AtTimes(dict[str, Any]):
    """Limits at the times that the asked key itself names: `lower_at_30_60_120`."""

    def __init__(self, limits: Any) -> None:
        super().__init__()
        self.limits = limits

    def __contains__(self, key: object) -> bool:
        return str(key).startswith("lower_at_")

    def __getitem__(self, key: str) -> Any:
        return [self.limits[int(time) - 1] for time in key.removeprefix("lower_at_").split("_")]


def empirical_bernstein_lower(inputs: Inputs) -> Answer:
    return AtTimes(
        stats.empirical_bernstein_lower(inputs["values"], alpha=inputs["alpha"], truncation=inputs["truncation"])
    )


def non_inferiority(inputs: Inputs) -> Answer:
    is_relative = "relative_margin" in inputs
    direction = inputs.get("direction", "up")
    effect = (stats.relative_lift if is_relative else stats.welch)(*both(inputs))
    margin = inputs["relative_margin" if is_relative else "absolute_margin"]
    found = stats.non_inferiority(
        effect, margin=margin, is_relative=is_relative, direction=direction, alpha=inputs["alpha"]
    )
    return {"statistic": found.statistic, "p_value": found.p, "df": found.df, "passed": found.passed}


def t_rule(inputs: Inputs, **changes: Any) -> stats.SingleLook:
    """The t test other tools plan for, at whatever size."""
    return stats.SingleLook(**{"alpha": inputs["alpha"], "t_below": np.inf, "has_pooled_df": True} | changes)


def power_t(inputs: Inputs) -> Answer:
    plan = {"effect": inputs["effect_size_sd_units"], "power": inputs["power"], "allocation": inputs["ratio"]}
    one = stats.PlannedMean(1.0)
    return {
        "n_control": stats.required_customers(one, **plan, rule=t_rule(inputs)).control,
        "n_control_normal": stats.required_customers(one, **plan, rule=t_rule(inputs, t_below=0.0)).control,
    }


def power_t_n(inputs: Inputs) -> Answer:
    metric = stats.PlannedMean(inputs["sd"] ** 2)
    found = stats.required_customers(metric, effect=inputs["delta"], power=inputs["power"], rule=t_rule(inputs))
    return {"n_per_arm": [found.control]}


def power_proportion(inputs: Inputs) -> Answer:
    power = stats.achieved_power(
        stats.PlannedRate(inputs["baseline"]),
        effect=inputs["difference"],
        control_customers=inputs["n_control"],
        allocation=inputs["ratio"],
        rule=stats.SingleLook(alpha=inputs["alpha"]),
    )
    return {"power": power}


def power_proportion_n(inputs: Inputs) -> Answer:
    found = stats.required_customers(
        stats.PlannedRate(inputs["p1"]),
        effect=inputs["p2"] - inputs["p1"],
        power=inputs["power"],
        rule=stats.SingleLook(alpha=inputs["alpha"]),
    )
    return {"n_per_arm": [found.control]}


def power_cuped(inputs: Inputs) -> Answer:
    metric = stats.PlannedMean(inputs["variance"], inputs["mean"])
    if (covariate := inputs["covariate"]) is not None:
        r_squared = covariate["covariance"] ** 2 / (covariate["variance"] * inputs["variance"])
        metric = metric.with_variance_times(stats.adjusted_share(r_squared, discount=0.0))
    plan = {"power": inputs["power"], "allocation": inputs["ratio"]}
    plan |= {"rule": stats.SingleLook(alpha=inputs["alpha"], t_below=0.0)}
    effect = inputs["relative_mde_for_n"] * inputs["mean"]
    control = inputs["n_total_for_mde"] / (1.0 + inputs["ratio"])
    return {
        "n_total": np.ceil(stats.required_customers(metric, effect=effect, **plan).total),
        "relative_mde": stats.minimum_effect(metric, control_customers=control, **plan).relative,
    }


def beta_binomial(inputs: Inputs) -> Answer:
    found = stats.beta_binomial(*both_counts(inputs), prior=inputs["prior"])
    return {
        "chance_to_beat": found.chance_to_beat,
        "expected_loss_ship_treatment": found.expected_loss_ship,
        "expected_loss_keep_control": found.expected_loss_keep,
    }


def bayes_normal_prior(inputs: Inputs) -> Answer:
    given = inputs["prior"]
    prior = stats.NormalPrior(given["mean"], given["variance"] if given["proper"] else np.inf)
    found = stats.normal_belief(effect_on(inputs["scale"], inputs), prior, alpha=inputs.get("alpha", 0.05))
    return {
        "chance_to_beat": found.chance_to_beat,
        "posterior_mean": found.mean,
        "posterior_sd": found.sd,
        "credible_interval": [found.low, found.high],
        "expected_loss_keep_control": found.expected_loss_keep,
        "expected_loss_ship_treatment": found.expected_loss_ship,
    }


def normal_inverse_gamma(inputs: Inputs) -> Answer:
    found = stats.NormalInverseGamma(**inputs["prior"]).updated(moments(inputs["data"]))
    return {"posterior_mean": found.m, "posterior_variance_of_mean": found.variance_of_mean}


def random_effects(inputs: Inputs) -> Answer:
    found = stats.random_effects(inputs["estimates"], inputs["variances"], method=inputs["method"].lower())
    return {
        "tau2": found.tau2,
        "mean_re": found.mean,
        "mean_fe": found.fixed_mean,
        "q": found.q,
        "i2": found.i2,
    }


def shrinkage_normal(inputs: Inputs) -> Answer:
    prior = stats.NormalPrior(inputs["prior_mean"], inputs["prior_variance"])
    return {"posterior_mean": prior.posterior(inputs["estimates"], inputs["se"]).mean}


def shrinkage_t(inputs: Inputs) -> Answer:
    prior = stats.student_prior(**inputs["prior"])
    return {"posterior_mean": prior.posterior(inputs["estimates"], inputs["se"]).mean}


FAMILIES = {
    family.__name__: family
    for family in (
        group_sequential,
        asymptotic_cs,
        empirical_bernstein_lower,
        non_inferiority,
        power_t,
        power_t_n,
        power_proportion,
        power_proportion_n,
        power_cuped,
        beta_binomial,
        bayes_normal_prior,
        normal_inverse_gamma,
        random_effects,
        shrinkage_normal,
        shrinkage_t,
    )
}
