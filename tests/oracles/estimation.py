"""Vector families of adjusted, ratio, capped, clustered, ranked and time-to-event estimates, and of their trends."""

import numpy as np

from experiments import stats
from tests.oracles.comparisons import Answer, Inputs, asked, interval


def outcome_and_covariate(side: Inputs) -> stats.CrossMoments:
    """The cross moments of one variant from sums of y and x."""
    products = [[side["sum_yy"], side["sum_xy"]], [side["sum_xy"], side["sum_xx"]]]
    return stats.CrossMoments.from_sums(side["n"], [side["sum_y"], side["sum_x"]], products)


def outcome_first(side: Inputs) -> stats.CrossMoments:
    """The cross moments of one variant from named columns, the outcome brought to the front."""
    cross = stats.CrossMoments.from_sums(side["n"], side["sums"], side["cross_products"])
    place = side["order"].index("y")
    return cross.take([place, *(i for i in range(cross.columns) if i != place)])


def cuped(inputs: Inputs) -> Answer:
    control, treatment = (outcome_and_covariate(inputs[name]) for name in ("control", "treatment"))
    found = stats.cuped(control, treatment, **asked(inputs))
    means = stats.cuped_means(control, treatment)
    return {
        "difference": found.estimate,
        "ci": interval(found),
        "p_value": found.p,
        "adjusted_control": means[0].mean,
        "adjusted_treatment": means[1].mean,
    }


def ancova_lin_interacted(inputs: Inputs) -> Answer:
    found = stats.lin(*(outcome_first(inputs[name]) for name in ("control", "treatment")), **asked(inputs))
    return {"difference": found.estimate, "se": found.se, "df": found.df, "ci": interval(found), "p_value": found.p}


def ancova_common_slope(inputs: Inputs) -> Answer:
    control, treatment = (outcome_first(inputs[name]) for name in ("control", "treatment"))
    found = stats.ancova(control, treatment, **asked(inputs))
    return {
        "difference": found.estimate,
        "se_ols": found.se,
        "df": found.df,
        "ci_ols": interval(found),
        "p_value": found.p,
        "slopes": stats.common_slopes(control, treatment),
    }


def post_stratification(inputs: Inputs) -> Answer:
    strata = inputs["strata"]
    sides = [
        stats.Moments.from_sums(*(np.array([stratum[side][name] for stratum in strata]) for name in SUMS))
        for side in ("control", "treatment")
    ]
    found = stats.post_stratify(*sides, shares=[stratum["share"] for stratum in strata], **asked(inputs))
    return {"difference": found.estimate, "se": found.se, "ci": interval(found), "p_value": found.p}


def ratio(inputs: Inputs) -> Answer:
    sides = [
        stats.CrossMoments.from_sums(
            side["n"],
            [side["sum_m"], side["sum_d"]],
            [[side["sum_mm"], side["sum_md"]], [side["sum_md"], side["sum_dd"]]],
        )
        for side in (inputs["control"], inputs["treatment"])
    ]
    found, lift = stats.ratio(*sides, **asked(inputs)), stats.ratio_lift(*sides, **asked(inputs))
    control, treatment = (stats.ratio_mean(side) for side in sides)
    return {
        "control": control.mean,
        "treatment": treatment.mean,
        "difference": found.estimate,
        "ci": interval(found),
        "p_value": found.p,
        "lift": lift.estimate,
        "lift_log_ci": interval(lift),
    }


def winsorised(inputs: Inputs) -> Answer:
    values = [inputs["control_values"], inputs["treatment_values"]]
    cap = stats.quantile_cap(values[0] + values[1], inputs["upper_quantile"])
    found = stats.welch(*(stats.Moments.from_values(cap.applied(side)) for side in values), **asked(inputs))
    return {"cap": cap.upper, "difference": found.estimate, "p_value": found.p, "ci": interval(found)}


def cluster(inputs: Inputs) -> Answer:
    arm, rows = np.array(inputs["cluster_arm"]), np.column_stack([inputs["cluster_sum"], inputs["cluster_size"]])
    sides = [stats.CrossMoments.from_values(rows[arm == place]) for place in (0, 1)]
    plain, ours = stats.clustered(*sides, small_sample=False), stats.clustered(*sides, **asked(inputs))
    return {"difference": ours.estimate, "se_cr0": plain.se, "se": ours.se, "df": ours.df, "ci": interval(ours)}


def quantile(inputs: Inputs) -> Answer:
    estimate, *limits = stats.quantile_interval(inputs["values"], inputs["q"], **asked(inputs))
    return {"estimate": estimate, "ci": limits}


def risk_table(inputs: Inputs) -> stats.RiskTable:
    """All variants of one entry on one grid of days; raw times come by variant or with their variant named."""
    if "arm" in inputs:
        return stats.RiskTable.from_times(inputs["times"], inputs["events"], group=inputs["arm"])
    group = np.repeat(np.arange(len(inputs["times"])), [len(times) for times in inputs["times"]])
    return stats.RiskTable.from_times(np.concatenate(inputs["times"]), np.concatenate(inputs["events"]), group=group)


def survival(inputs: Inputs) -> Answer:
    table = risk_table(inputs)
    curve = stats.kaplan_meier(table, alpha=inputs["alpha"])
    test, mean = stats.log_rank(table), stats.restricted_mean(table, inputs["tau"])
    answer = {"logrank_chi2": test.statistic, "logrank_p": test.p}
    for place, name in enumerate(("control", "treatment")):
        answer |= {f"km_{name}": curve.at(inputs["at"]).survival[place], f"rmst_{name}": mean.mean[place]}
        for day in inputs["at"]:
            limits = curve.at(day)
            answer[f"km_{name}_lower_loglog_at_{day}"] = limits.low[place, 0]
            answer[f"km_{name}_upper_loglog_at_{day}"] = limits.high[place, 0]
    return answer


def survival_r(inputs: Inputs) -> Answer:
    table = risk_table(inputs)
    curve = stats.kaplan_meier(table, alpha=inputs["alpha"]).at(inputs["at"])
    mean = stats.restricted_mean(table, inputs["tau"])
    return {
        "km_by_arm_then_time": curve.survival.ravel(),
        "greenwood_se": curve.se.ravel(),
        "lower_loglog": curve.low.ravel(),
        "upper_loglog": curve.high.ravel(),
        "logrank_chi2": [stats.log_rank(table).statistic],
        "rmst": mean.mean,
        "rmst_se": np.sqrt(mean.squared_error),
    }


def heterogeneity(inputs: Inputs) -> Answer:
    found = stats.heterogeneity(inputs["segment_effects"], inputs["variances"])
    # The vectors hold I-squared before it is cut at 0.
    return {"q": found.q, "df": found.df, "p_value": found.p, "i2": (found.q - found.df) / found.q}


def effect_trend(inputs: Inputs) -> Answer:
    found = stats.effect_trend(inputs["day"], inputs["effect"], variance=inputs["variance"])
    return {"slope": found.slope, "se": found.se, "p_value": found.p}


SUMS = ("n", "sum", "sum_squares")

FAMILIES = {
    family.__name__: family
    for family in (
        cuped,
        ancova_lin_interacted,
        ancova_common_slope,
        post_stratification,
        ratio,
        winsorised,
        cluster,
        quantile,
        survival,
        survival_r,
        heterogeneity,
        effect_trend,
    )
}
