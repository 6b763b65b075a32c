from experiments.models.answer import Decision, Readout, ResultsImport
from experiments.models.experiment import Experiment, Metric, Variant
from experiments.models.upload import ResultsUpload

__all__ = ["Decision", "Experiment", "Metric", "Readout", "ResultsImport", "ResultsUpload", "Variant"]
