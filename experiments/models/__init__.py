from experiments.models.answer import Decision, Readout, ResultsImport
from experiments.models.assignment import (
    Assignment,
    BatchShares,
    EligibleCustomer,
    ExclusionGroup,
    ExclusionRange,
    Holdout,
)
from experiments.models.counted import CountedDays, Counting, ExposedTraits
from experiments.models.experiment import Experiment, Metric, Variant
from experiments.models.upload import ResultsUpload

__all__ = [
    "Assignment",
    "BatchShares",
    "CountedDays",
    "Counting",
    "Decision",
    "EligibleCustomer",
    "ExclusionGroup",
    "ExclusionRange",
    "Experiment",
    "ExposedTraits",
    "Holdout",
    "Metric",
    "Readout",
    "ResultsImport",
    "ResultsUpload",
    "Variant",
]
