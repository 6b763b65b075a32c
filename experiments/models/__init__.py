from experiments.models.answer import Decision, Readout, ResultsImport
from experiments.models.experiment import Experiment, Metric, Variant

__all__ = ["Decision", "Experiment", "Metric", "Readout", "ResultsImport", "Variant"]
