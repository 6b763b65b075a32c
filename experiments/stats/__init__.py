"""Statistics of experiments from aggregated data: numpy in, numpy out, nothing else needed.

Comparisons take `Moments`, `Counts` or `CrossMoments` of control and treatment, broadcast over any axes, and return
an `Estimate`. Input that cannot be right raises `ValueError`; cells that cannot be answered carry a `Status`.
"""

from experiments.stats.adjustment import ancova, common_slopes, lin, lin_lift
from experiments.stats.belief import Belief
from experiments.stats.beta_binomial import beta_binomial
from experiments.stats.clusters import clustered, clustered_lift
from experiments.stats.confidence_sequence import (
    confidence_sequence,
    harm_e_value,
    running_intersection,
    sequence_critical_value,
    sequence_schedule,
)
from experiments.stats.counts import Counts
from experiments.stats.covariates import covariate_balance, refuse_late_covariates, with_missing, with_strata
from experiments.stats.cross_moments import CrossMoments
from experiments.stats.curve_shape import CurveShape, Plateau, plateau
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
from experiments.stats.mantel import LogRank, log_rank
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
from experiments.stats.pooled_slope import cuped, cuped_means
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
from experiments.stats.quantiles import (
    exact_ranks,
    quantile_difference,
    quantile_interval,
    sample_quantile,
    woodruff_ranks,
)
from experiments.stats.random_effects import RandomEffects, SpreadMethod, random_effects
from experiments.stats.rate_ratio import katz_lift, koopman_lift, miettinen_nurminen_lift, proportion_lift
from experiments.stats.ratios import ratio, ratio_lift, ratio_mean
from experiments.stats.risk_table import RiskTable
from experiments.stats.same_share import same_share_test
from experiments.stats.sample_mean import SampleMean
from experiments.stats.sample_ratio import (
    SampleRatio,
    SequentialSampleRatio,
    batched_sample_ratio,
    sample_ratio_test,
    sequential_sample_ratio,
)
from experiments.stats.scale_mixture import ScaleMixture, fitted_student_prior, fitted_two_normals, student_prior
from experiments.stats.segments import Heterogeneity, ShrunkSegments, heterogeneity, interaction, shrunk_segments
from experiments.stats.spending import Spending, spent_alpha
from experiments.stats.stagewise import after_stopping
from experiments.stats.status import Status
from experiments.stats.stratification import post_stratified_lift, post_stratify
from experiments.stats.survival import (
    SurvivalCurve,
    kaplan_meier,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_lift,
)
from experiments.stats.tiers import RankTiers, rank_tiers
from experiments.stats.trend import EffectTrend, effect_trend, effects_by_day, trend_alarm
from experiments.stats.validation import Alternative
from experiments.stats.verdict import (
    Direction,
    Recommendation,
    Verdict,
    excludes_minimum_effect,
    recommendation,
    verdicts,
)
from experiments.stats.windows import Matured, Window, retention, retention_lift
from experiments.stats.winsorising import Cap, CapReport, cap_report, pre_period_cap, quantile_cap

__all__ = [
    "Alternative",
    "Belief",
    "Cap",
    "CapReport",
    "Correction",
    "Counts",
    "CrossMoments",
    "CurveShape",
    "Direction",
    "Duration",
    "EffectTrend",
    "Estimate",
    "GroupSequential",
    "Heterogeneity",
    "LearnedPrior",
    "LogRank",
    "Look",
    "Matured",
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
    "Plateau",
    "RandomEffects",
    "RankTiers",
    "Recommendation",
    "RiskTable",
    "SampleMean",
    "SampleRatio",
    "SampleSize",
    "ScaleMixture",
    "SequentialSampleRatio",
    "ShrunkSegments",
    "SingleLook",
    "Spending",
    "SpreadMethod",
    "Status",
    "SurvivalCurve",
    "Verdict",
    "Window",
    "achieved_power",
    "adjusted_p",
    "adjusted_share",
    "after_stopping",
    "agresti_caffo",
    "ancova",
    "arrival_curve",
    "batched_sample_ratio",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "beta_binomial",
    "cap_report",
    "clopper_pearson_interval",
    "clustered",
    "clustered_lift",
    "common_slopes",
    "confidence_sequence",
    "covariate_balance",
    "cumulative_looks",
    "cuped",
    "cuped_means",
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
    "effect_trend",
    "effects_by_day",
    "empirical_bernstein_lower",
    "exact_ranks",
    "excludes_minimum_effect",
    "fieller_lift",
    "fitted_student_prior",
    "fitted_two_normals",
    "futility_bounds",
    "group_sequential",
    "harm_e_value",
    "heterogeneity",
    "hochberg",
    "holm",
    "information_from_customers",
    "information_from_errors",
    "interaction",
    "kaplan_meier",
    "katz_lift",
    "koopman_lift",
    "learned_prior",
    "lin",
    "lin_lift",
    "log_rank",
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
    "plateau",
    "pooled_z",
    "pooled_z_p_value",
    "post_stratified_lift",
    "post_stratify",
    "pre_period_cap",
    "proportion_lift",
    "quantile_cap",
    "quantile_difference",
    "quantile_interval",
    "quarterly_value",
    "random_effects",
    "rank_tiers",
    "rate_non_inferiority",
    "ratio",
    "ratio_lift",
    "ratio_mean",
    "recommendation",
    "refuse_late_covariates",
    "relative_lift",
    "repeated_p_value",
    "required_customers",
    "required_days",
    "restricted_mean",
    "restricted_mean_difference",
    "restricted_mean_lift",
    "retention",
    "retention_lift",
    "running_intersection",
    "same_share_test",
    "sample_quantile",
    "sample_ratio_test",
    "sequence_critical_value",
    "sequence_schedule",
    "sequential_sample_ratio",
    "shrunk_segments",
    "spent_alpha",
    "student_prior",
    "trend_alarm",
    "verdicts",
    "welch",
    "wilson_interval",
    "with_missing",
    "with_strata",
    "woodruff_ranks",
]
