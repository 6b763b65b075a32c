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


SUMS = ("n", "sum", "sum_squares")

FAMILIES = {
    family.__name__: family
    for family in (
        cuped,
        ancova_lin_interacted,
        ancova_common_slope,
        post_stratification,
    )
}
