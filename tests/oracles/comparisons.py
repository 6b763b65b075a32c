"""Vector families of two-variant comparisons, sample ratio and many comparisons."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments import stats

Inputs = Mapping[str, Any]
Answer = dict[str, Any]


def moments(side: Inputs) -> stats.Moments:
    """The moments of one variant as the vectors give them."""
    return stats.Moments.from_sums(side["n"], side["sum"], side["sum_squares"])


def counts(side: Inputs) -> stats.Counts:
    """The counts of one variant as the vectors give them."""
    return stats.Counts(side["n"], side["x"])


def both(inputs: Inputs) -> tuple[stats.Moments, stats.Moments]:
    """Control and treatment as moments."""
    return moments(inputs["control"]), moments(inputs["treatment"])


def both_counts(inputs: Inputs) -> tuple[stats.Counts, stats.Counts]:
    """Control and treatment as counts."""
    return counts(inputs["control"]), counts(inputs["treatment"])


def asked(inputs: Inputs) -> Answer:
    """The level and the alternative of the entry, where it has them."""
    return {name: inputs[name] for name in ("alpha", "alternative") if name in inputs}


def interval(found: stats.Estimate) -> list[float]:
    """Both limits of one comparison."""
    return [float(found.low), float(found.high)]


def welch(inputs: Inputs) -> Answer:
    found = stats.welch(*both(inputs), **asked(inputs))
    return {
        "difference": found.estimate,
        "statistic": found.estimate / found.se,
        "p_value": found.p,
        "df": found.df,
        "ci": interval(found),
    }


def two_proportion(inputs: Inputs) -> Answer:
    control, treatment = both_counts(inputs)
    found = stats.newcombe(control, treatment, **asked(inputs))
    return {
        "difference": found.estimate,
        "z_pooled": stats.pooled_z(control, treatment),
        "p_value": found.p,
        "newcombe_ci": interval(found),
        "agresti_caffo_ci": interval(stats.agresti_caffo(control, treatment, **asked(inputs))),
        "score_ci": interval(stats.miettinen_nurminen(control, treatment, **asked(inputs))),
    }


def risk_ratio(inputs: Inputs) -> Answer:
    katz = stats.katz_lift(*both_counts(inputs), **asked(inputs))
    score = stats.miettinen_nurminen_lift(*both_counts(inputs), **asked(inputs))
    return {
        "ratio": 1.0 + katz.estimate,
        "log_ci": [1.0 + limit for limit in interval(katz)],
        "score_ci": [1.0 + limit for limit in interval(score)],
    }


def wilson(inputs: Inputs) -> Answer:
    sample = counts(inputs)
    return {
        "ci": stats.wilson_interval(sample, **asked(inputs)),
        "clopper_pearson": stats.clopper_pearson_interval(sample, **asked(inputs)),
    }


def relative_lift_log(inputs: Inputs) -> Answer:
    found = stats.log_ratio_lift(*both(inputs), **asked(inputs))
    return {"lift": found.estimate, "ci": interval(found), "p_value": found.p}


def relative_lift_delta(inputs: Inputs) -> Answer:
    found = stats.delta_lift(*both(inputs), **asked(inputs))
    return {"lift": found.estimate, "ci": interval(found), "p_value": found.p}


def relative_lift_fieller(inputs: Inputs) -> Answer:
    found = stats.fieller_lift(*both(inputs), **asked(inputs))
    return {"lift": found.estimate, "ci": interval(found), "p_value": found.p}


def edge(inputs: Inputs) -> Answer:
    return {"status": stats.relative_lift(*both(inputs), **asked(inputs)).status.item()}


def srm_chi2(inputs: Inputs) -> Answer:
    found = stats.sample_ratio_test(inputs["observed"], inputs["weights"])
    return {"chi2": found.statistic, "p_value": found.p}


def srm_sequential(inputs: Inputs) -> Answer:
    found = stats.sequential_sample_ratio(
        inputs["daily_counts"], inputs["weights"], concentration=inputs["dirichlet_concentration"]
    )
    return {"log_bayes_factor_by_day": found.log_e_value, "p_value_by_day": found.p}


_CORRECTION_WORDS = {
    "fdr_bh": stats.Correction.BENJAMINI_HOCHBERG,
    "fdr_by": stats.Correction.BENJAMINI_YEKUTIELI,
    "simes-hochberg": stats.Correction.HOCHBERG,
}


def correction(word: str) -> stats.Correction:
    """Our name for a correction."""
    return _CORRECTION_WORDS.get(word) or stats.Correction(word)


def multiplicity(inputs: Inputs) -> Answer:
    return {"adjusted": stats.adjusted_p(inputs["p_values"], correction(inputs["method"]))}


def multiplicity_reject(inputs: Inputs) -> Answer:
    names = {"fdr_bh": "fdr_bh", "fdr_by": "fdr_by", "bonferroni": "bonferroni", "holm": "holm", "hochberg": "hochberg"}
    adjusted = {name: stats.adjusted_p(inputs["p_values"], correction(word)) for name, word in names.items()}
    return {f"{name}_rejections": int(np.sum(p <= inputs["alpha"])) for name, p in adjusted.items()}


def many_variants(inputs: Inputs) -> Answer:
    control = moments(inputs["arms"][inputs["control"]])
    others = [moments(arm) for name, arm in inputs["arms"].items() if name != inputs["control"]]
    treatments = stats.Moments(*(np.array([getattr(arm, field) for arm in others]) for field in ("n", "mean", "m2")))
    found = stats.welch(control, treatments, **asked(inputs))
    return {
        "difference": found.estimate,
        "p_value": found.p,
        "adjusted_p_value": stats.adjusted_p(found.p, correction(inputs["correction"])),
    }


def dunnett(inputs: Inputs) -> Answer:
    values, arm = np.array(inputs["values"]), np.array(inputs["arm"])
    labels = [inputs["control"], *sorted(set(inputs["arm"]) - {inputs["control"]})]
    each = [stats.Moments.from_values(values[arm == label]) for label in labels]
    stacked = stats.Moments(*(np.array([getattr(part, field) for part in each]) for field in ("n", "mean", "m2")))
    control, treatments = stacked.split()
    found = stats.dunnett_pooled(control, treatments, **asked(inputs))
    return {
        "difference": found.estimate,
        "t": found.estimate / found.se,
        "p_adjusted": found.p,
        "lower": found.low,
        "upper": found.high,
        "critical": [(found.high[0] - found.estimate[0]) / found.se[0]],
    }


def dunnett_critical(inputs: Inputs) -> Answer:
    loading = stats.dunnett_loading(1.0 / inputs["n_control"], 1.0 / np.array(inputs["n_treatments"]))
    return {"z_critical": [stats.dunnett_critical(loading, alpha=inputs["alpha_two_sided"])]}


FAMILIES = {
    family.__name__: family
    for family in (
        welch,
        two_proportion,
        risk_ratio,
        wilson,
        relative_lift_log,
        relative_lift_delta,
        relative_lift_fieller,
        edge,
        srm_chi2,
        srm_sequential,
        multiplicity,
        multiplicity_reject,
        many_variants,
        dunnett,
        dunnett_critical,
    )
}
