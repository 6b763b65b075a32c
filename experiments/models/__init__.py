from experiments.models.answer import Decision, Readout, ResultsImport
from experiments.models.counted import CountedDays, Counting, ExposedTraits
from experiments.models.experiment import Experiment, Metric, Variant
from experiments.models.upload import ResultsUpload

__all__ = [
    "CountedDays",
    "Counting",
    "Decision",
    "Experiment",
    "ExposedTraits",
    "Metric",
    "Readout",
    "ResultsImport",
    "ResultsUpload",
    "Variant",
]
