"""The programme as a whole: what shipped experiments add up to, whose forecasts come true, how far raters agree."""

from experiments.stats.programme.agreement import Agreement, Concordance, RatingScale, kendall_w, krippendorff_alpha
from experiments.stats.programme.cumulative import (
    ClosedExperiments,
    QuarterTotals,
    TotalEffect,
    bias_corrected_total,
    heavy_tailed_total,
    naive_total,
    quarter_totals,
    shrunk_total,
)
from experiments.stats.programme.forecasts import ForecastCalibration, calibration, stated_probability
from experiments.stats.programme.lift_forecasts import (
    LiftCalibration,
    LiftMap,
    LiftMapShape,
    fitted_lift_map,
    lift_calibration,
)
from experiments.stats.programme.rank_correlation import RankCorrelation, midranks, spearman
from experiments.stats.programme.winners_curse import winners_curse_terms

__all__ = [
    "Agreement",
    "ClosedExperiments",
    "Concordance",
    "ForecastCalibration",
    "LiftCalibration",
    "LiftMap",
    "LiftMapShape",
    "QuarterTotals",
    "RankCorrelation",
    "RatingScale",
    "TotalEffect",
    "bias_corrected_total",
    "calibration",
    "fitted_lift_map",
    "heavy_tailed_total",
    "kendall_w",
    "krippendorff_alpha",
    "lift_calibration",
    "midranks",
    "naive_total",
    "quarter_totals",
    "shrunk_total",
    "spearman",
    "stated_probability",
    "winners_curse_terms",
]
