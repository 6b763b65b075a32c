"""Statistics of experiments from aggregated data: numpy in, numpy out, nothing else needed.

Comparisons take `Moments`, `Counts` or `CrossMoments` of control and treatment, broadcast over any axes, and return
an `Estimate`. Input that cannot be right raises `ValueError`; cells that cannot be answered carry a `Status`.
"""

from experiments.stats.adjustment import ancova, common_slopes, lin, lin_lift
from experiments.stats.counts import Counts
from experiments.stats.covariates import covariate_balance, refuse_late_covariates, with_missing, with_strata
from experiments.stats.cross_moments import CrossMoments
from experiments.stats.cuped import cuped, cuped_means
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
from experiments.stats.proportions import (
    agresti_caffo,
    clopper_pearson_interval,
    miettinen_nurminen,
    newcombe,
    pooled_z,
    pooled_z_p_value,
    wilson_interval,
)
from experiments.stats.rate_ratio import katz_lift, koopman_lift, miettinen_nurminen_lift, proportion_lift
from experiments.stats.sample_mean import SampleMean
from experiments.stats.sample_ratio import (
    SampleRatio,
    SequentialSampleRatio,
    batched_sample_ratio,
    sample_ratio_test,
    sequential_sample_ratio,
)
from experiments.stats.status import Status
from experiments.stats.stratification import post_stratified_lift, post_stratify
from experiments.stats.validation import Alternative
from experiments.stats.verdict import (
    Direction,
    Recommendation,
    Verdict,
    excludes_minimum_effect,
    recommendation,
    verdicts,
)

__all__ = [
    "Alternative",
    "Correction",
    "Counts",
    "CrossMoments",
    "Direction",
    "Estimate",
    "Method",
    "Moments",
    "Note",
    "Recommendation",
    "SampleMean",
    "SampleRatio",
    "SequentialSampleRatio",
    "Status",
    "Verdict",
    "adjusted_p",
    "agresti_caffo",
    "ancova",
    "batched_sample_ratio",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "clopper_pearson_interval",
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
    "excludes_minimum_effect",
    "fieller_lift",
    "hochberg",
    "holm",
    "katz_lift",
    "koopman_lift",
    "lin",
    "lin_lift",
    "log_ratio_lift",
    "matching_alpha",
    "miettinen_nurminen",
    "miettinen_nurminen_lift",
    "newcombe",
    "pooled_z",
    "pooled_z_p_value",
    "post_stratified_lift",
    "post_stratify",
    "proportion_lift",
    "recommendation",
    "refuse_late_covariates",
    "relative_lift",
    "sample_ratio_test",
    "sequential_sample_ratio",
    "verdicts",
    "welch",
    "wilson_interval",
    "with_missing",
    "with_strata",
]
