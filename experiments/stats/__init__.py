"""Statistics of experiments from aggregated data: numpy in, numpy out, nothing else needed.

Comparisons take `Moments`, `Counts` or `CrossMoments` of control and treatment, broadcast over any axes, and return
an `Estimate`. Input that cannot be right raises `ValueError`; cells that cannot be answered carry a `Status`.
"""

from experiments.stats.belief import Belief
from experiments.stats.beta_binomial import beta_binomial
from experiments.stats.confidence_sequence import (
    confidence_sequence,
    harm_e_value,
    running_intersection,
    sequence_critical_value,
    sequence_schedule,
)
from experiments.stats.counts import Counts
from experiments.stats.cross_moments import CrossMoments
from experiments.stats.dunnett import (
    dunnett_adjusted_p,
    dunnett_alpha,
    dunnett_critical,
    dunnett_loading,
    dunnett_pooled,
    dunnett_welch,
)
from experiments.stats.duration import Duration, arrival_curve, matured_customers, required_days
from experiments.stats.e_values import e_benjamini_hochberg, e_mean, e_product, p_from_e
from experiments.stats.empirical_bernstein import empirical_bernstein_lower
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.futility import futility_bounds
from experiments.stats.group_sequential import GroupSequential, group_sequential, repeated_p_value
from experiments.stats.guardrails import NonInferiority, non_inferiority, rate_non_inferiority
from experiments.stats.learned_prior import LearnedPrior, learned_prior
from experiments.stats.lift import delta_lift, fieller_lift, log_ratio_lift, relative_lift
from experiments.stats.looks import Look, due_look, information_from_customers, information_from_errors
from experiments.stats.means import welch
from experiments.stats.moments import Moments, cumulative_looks
from experiments.stats.multiplicity import (
    Correction,
    adjusted_p,
    benjamini_hochberg,
    benjamini_yekutieli,
    hochberg,
    holm,
    matching_alpha,
)
from experiments.stats.normal_inverse_gamma import NormalInverseGamma, mean_belief
from experiments.stats.normal_mixture import NormalMixture
from experiments.stats.normal_prior import NormalPrior, normal_belief
from experiments.stats.planned_metrics import PlannedMean, PlannedRate, adjusted_share, design_effect
from experiments.stats.power import (
    MinimumEffect,
    SampleSize,
    SingleLook,
    achieved_power,
    minimum_effect,
    optimal_control_share,
    quarterly_value,
    required_customers,
)
from experiments.stats.proportions import (
    agresti_caffo,
    clopper_pearson_interval,
    miettinen_nurminen,
    newcombe,
    pooled_z,
    pooled_z_p_value,
    wilson_interval,
)
from experiments.stats.random_effects import RandomEffects, SpreadMethod, random_effects
from experiments.stats.rate_ratio import katz_lift, koopman_lift, miettinen_nurminen_lift, proportion_lift
from experiments.stats.sample_mean import SampleMean
from experiments.stats.sample_ratio import (
    SampleRatio,
    SequentialSampleRatio,
    batched_sample_ratio,
    sample_ratio_test,
    sequential_sample_ratio,
)
from experiments.stats.scale_mixture import ScaleMixture, fitted_student_prior, fitted_two_normals, student_prior
from experiments.stats.spending import Spending, spent_alpha
from experiments.stats.stagewise import after_stopping
from experiments.stats.status import Status
from experiments.stats.validation import Alternative
from experiments.stats.verdict import (
    Direction,
    Recommendation,
    Suggestion,
    Verdict,
    excludes_minimum_effect,
    is_harm_alarm,
    recommendation,
    suggestion,
    verdicts,
)

__all__ = [
    "Alternative",
    "Belief",
    "Correction",
    "Counts",
    "CrossMoments",
    "Direction",
    "Duration",
    "Estimate",
    "GroupSequential",
    "LearnedPrior",
    "Look",
    "Method",
    "MinimumEffect",
    "Moments",
    "NonInferiority",
    "NormalInverseGamma",
    "NormalMixture",
    "NormalPrior",
    "Note",
    "PlannedMean",
    "PlannedRate",
    "RandomEffects",
    "Recommendation",
    "SampleMean",
    "SampleRatio",
    "SampleSize",
    "ScaleMixture",
    "SequentialSampleRatio",
    "SingleLook",
    "Spending",
    "SpreadMethod",
    "Status",
    "Suggestion",
    "Verdict",
    "achieved_power",
    "adjusted_p",
    "adjusted_share",
    "after_stopping",
    "agresti_caffo",
    "arrival_curve",
    "batched_sample_ratio",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "beta_binomial",
    "clopper_pearson_interval",
    "confidence_sequence",
    "cumulative_looks",
    "delta_lift",
    "design_effect",
    "due_look",
    "dunnett_adjusted_p",
    "dunnett_alpha",
    "dunnett_critical",
    "dunnett_loading",
    "dunnett_pooled",
    "dunnett_welch",
    "e_benjamini_hochberg",
    "e_mean",
    "e_product",
    "empirical_bernstein_lower",
    "excludes_minimum_effect",
    "fieller_lift",
    "fitted_student_prior",
    "fitted_two_normals",
    "futility_bounds",
    "group_sequential",
    "harm_e_value",
    "hochberg",
    "holm",
    "information_from_customers",
    "information_from_errors",
    "is_harm_alarm",
    "katz_lift",
    "koopman_lift",
    "learned_prior",
    "log_ratio_lift",
    "matching_alpha",
    "matured_customers",
    "mean_belief",
    "miettinen_nurminen",
    "miettinen_nurminen_lift",
    "minimum_effect",
    "newcombe",
    "non_inferiority",
    "normal_belief",
    "optimal_control_share",
    "p_from_e",
    "pooled_z",
    "pooled_z_p_value",
    "proportion_lift",
    "quarterly_value",
    "random_effects",
    "rate_non_inferiority",
    "recommendation",
    "relative_lift",
    "repeated_p_value",
    "required_customers",
    "required_days",
    "running_intersection",
    "sample_ratio_test",
    "sequence_critical_value",
    "sequence_schedule",
    "sequential_sample_ratio",
    "spent_alpha",
    "student_prior",
    "suggestion",
    "verdicts",
    "welch",
    "wilson_interval",
]
