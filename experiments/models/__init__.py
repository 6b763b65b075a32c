from experiments.models.alert import Alert, AlertNote
from experiments.models.answer import Decision, DefaultMessage, Readout, ResultsImport
from experiments.models.assignment import (
    Assignment,
    BatchShares,
    EligibleCustomer,
    ExclusionGroup,
    ExclusionRange,
    Holdout,
)
from experiments.models.counted import CountedDays, Counting, ExposedTraits
from experiments.models.digest import DigestNote
from experiments.models.experiment import Experiment, Metric, Variant
from experiments.models.launch import ChecklistMark
from experiments.models.learning import Learning, LearningState, LearningWords
from experiments.models.maturity import FactorRating
from experiments.models.milestone import Milestone
from experiments.models.registry import MetricLevel, RegisteredMetric
from experiments.models.report import (
    Ask,
    AskAnswer,
    ReportLink,
    ReportOpening,
    ReportRevision,
    ReportSubscription,
    ReportText,
)
from experiments.models.retro import Retro
from experiments.models.sending import Sending
from experiments.models.upload import ResultsUpload

__all__ = [
    "Alert",
    "AlertNote",
    "Ask",
    "AskAnswer",
    "Assignment",
    "BatchShares",
    "ChecklistMark",
    "CountedDays",
    "Counting",
    "Decision",
    "DefaultMessage",
    "DigestNote",
    "EligibleCustomer",
    "ExclusionGroup",
    "ExclusionRange",
    "Experiment",
    "ExposedTraits",
    "FactorRating",
    "Holdout",
    "Learning",
    "LearningState",
    "LearningWords",
    "Metric",
    "MetricLevel",
    "Milestone",
    "Readout",
    "RegisteredMetric",
    "ReportLink",
    "ReportOpening",
    "ReportRevision",
    "ReportSubscription",
    "ReportText",
    "ResultsImport",
    "ResultsUpload",
    "Retro",
    "Sending",
    "Variant",
]
