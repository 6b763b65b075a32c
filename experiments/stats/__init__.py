"""Statistics of experiments from aggregated data: numpy in, numpy out, nothing else needed.

Comparisons take `Moments`, `Counts` or `CrossMoments` of control and treatment, broadcast over any axes, and return
an `Estimate`. Input that cannot be right raises `ValueError`; cells that cannot be answered carry a `Status`.
"""

from experiments.stats.adjustment import ancova, common_slopes, lin, lin_lift
from experiments.stats.clusters import clustered, clustered_lift
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
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.lift import delta_lift, fieller_lift, log_ratio_lift, relative_lift
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
from experiments.stats.pooled_slope import cuped, cuped_means
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
from experiments.stats.segments import Heterogeneity, ShrunkSegments, heterogeneity, interaction, shrunk_segments
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
    "Cap",
    "CapReport",
    "Correction",
    "Counts",
    "CrossMoments",
    "CurveShape",
    "Direction",
    "EffectTrend",
    "Estimate",
    "Heterogeneity",
    "LogRank",
    "Matured",
    "Method",
    "Moments",
    "Note",
    "Plateau",
    "RankTiers",
    "Recommendation",
    "RiskTable",
    "SampleMean",
    "SampleRatio",
    "SequentialSampleRatio",
    "ShrunkSegments",
    "Status",
    "SurvivalCurve",
    "Verdict",
    "Window",
    "adjusted_p",
    "agresti_caffo",
    "ancova",
    "batched_sample_ratio",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "cap_report",
    "clopper_pearson_interval",
    "clustered",
    "clustered_lift",
    "common_slopes",
    "covariate_balance",
    "cumulative_looks",
    "cuped",
    "cuped_means",
    "delta_lift",
    "dunnett_adjusted_p",
    "dunnett_alpha",
    "dunnett_critical",
    "dunnett_loading",
    "dunnett_pooled",
    "dunnett_welch",
    "effect_trend",
    "effects_by_day",
    "exact_ranks",
    "excludes_minimum_effect",
    "fieller_lift",
    "heterogeneity",
    "hochberg",
    "holm",
    "interaction",
    "kaplan_meier",
    "katz_lift",
    "koopman_lift",
    "lin",
    "lin_lift",
    "log_rank",
    "log_ratio_lift",
    "matching_alpha",
    "miettinen_nurminen",
    "miettinen_nurminen_lift",
    "newcombe",
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
    "rank_tiers",
    "ratio",
    "ratio_lift",
    "ratio_mean",
    "recommendation",
    "refuse_late_covariates",
    "relative_lift",
    "restricted_mean",
    "restricted_mean_difference",
    "restricted_mean_lift",
    "retention",
    "retention_lift",
    "same_share_test",
    "sample_quantile",
    "sample_ratio_test",
    "sequential_sample_ratio",
    "shrunk_segments",
    "trend_alarm",
    "verdicts",
    "welch",
    "wilson_interval",
    "with_missing",
    "with_strata",
    "woodruff_ranks",
]
