"""Words an experiment and its parts are described by, with what people read for them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from experiments.lifecycle import State
from experiments.maturity import Axis, Factor, Level
from experiments.milestones import Step

STATE_LABELS = {
    State.DRAFT: _("Draft"),
    State.READY: _("Ready"),
    State.RUNNING: _("Running"),
    State.PAUSED: _("Paused"),
    State.ENDED: _("Ended"),
    State.DECIDED: _("Decided"),
    State.CLOSED: _("Closed"),
}
STATE_CHOICES = list(STATE_LABELS.items())
STEP_LABELS = {
    Step.PLAN: _("The plan is settled"),
    Step.CONTENT: _("The variants are written"),
    Step.AUDIENCE: _("The audience is counted"),
    Step.APPROVAL: _("A second member has approved"),
    Step.LAUNCH: _("Launch"),
}
STEP_CHOICES = list(STEP_LABELS.items())


class ExperimentKind(models.TextChoices):
    AB = "ab", _("A/B")
    BANDIT = "bandit", _("Bandit")


class MetricKind(models.TextChoices):
    PROPORTION = "proportion", _("Share of customers")
    MEAN = "mean", _("Amount per customer")
    RATIO = "ratio", _("Ratio of two sums")
    RETENTION = "retention", _("Retention")
    QUANTILE = "quantile", _("Quantile")


class MetricRole(models.TextChoices):
    PRIMARY = "primary", _("Primary")
    SECONDARY = "secondary", _("Secondary")
    GUARDRAIL = "guardrail", _("Guardrail")
    DIAGNOSTIC = "diagnostic", _("Diagnostic")


class MetricGroup(models.TextChoices):
    ACTIVATION = "activation", _("Activation")
    MONETISATION = "monetisation", _("Monetisation")
    RETENTION = "retention", _("Retention")


# What a page asks for; the other kinds and roles come from experiment files.
FORM_KINDS = [(kind.value, kind.label) for kind in (MetricKind.PROPORTION, MetricKind.MEAN)]
FORM_ROLES = [(role.value, role.label) for role in (MetricRole.PRIMARY, MetricRole.SECONDARY, MetricRole.GUARDRAIL)]


class Direction(models.TextChoices):
    UP = "up", _("More is better")
    DOWN = "down", _("Less is better")


class DecisionKind(models.TextChoices):
    SHIP = "ship", _("Ship a variant")
    KEEP_CONTROL = "keep_control", _("Keep control")
    ITERATE = "iterate", _("Iterate")
    STOP = "stop", _("Stop without decision")


class MarkKind(models.TextChoices):
    """What a member puts under an item of the launch checklist."""

    TICK = "tick", _("Checked")
    APPROVAL = "approval", _("Approved")
    WAIVER = "waiver", _("Waived")


class AlertKind(models.TextChoices):
    """What people are told of at once, whatever page they have open."""

    GUARDRAIL = "guardrails", _("Guardrail crossed")
    SAMPLE_RATIO = "sample_ratio", _("Sample ratio mismatch")
    FRESHNESS = "freshness", _("Stale feed")


# Of these a plan may say that the experiment pauses by itself.
PAUSE_CONDITIONS = [
    (AlertKind.GUARDRAIL.value, _("a guardrail is harmed, by evidence that holds at every look")),
    (AlertKind.SAMPLE_RATIO.value, _("the sample ratio does not fit the shares")),
]


class AskKind(models.TextChoices):
    """What a report asks of its readers."""

    DECISION = "decision", _("Decision")
    MONEY = "money", _("Money")
    ACCESS = "access", _("Access")


class Reply(models.TextChoices):
    YES = "yes", _("Yes")
    NO = "no", _("No")
    TALK = "talk", _("Let us talk")


VERDICT_LABELS = {
    "better": _("Better"),
    "worse": _("Worse"),
    "no clear difference": _("No clear difference"),
    "not enough data yet": _("Not enough data yet"),
    "invalid": _("Invalid"),
}

# The shapes of the verdict component, where only text can stand.
VERDICT_MARKS = {"better": "▲", "worse": "▼", "no clear difference": "○", "not enough data yet": "◌", "invalid": "✕"}

CHECK_LABELS = {
    "sample_ratio": _("Sample ratio"),
    "maturity": _("Closed windows"),
    "contamination": _("Contamination"),
    "covariate_balance": _("Balance before the start"),
    "freshness": _("Data freshness"),
    "late_events": _("Late events"),
    "duplicates": _("Duplicates"),
    "cap_loss": _("Lost to the frequency cap"),
    "underpowered": _("Power"),
    "guardrails": _("Guardrails"),
}

HEALTH_LABELS = {"pass": _("Passed"), "warn": _("Warning"), "fail": _("Failed")}

# The engagement maturity index: each factor with what a member is asked to rate.
FACTOR_LABELS = {
    Factor.EVIDENCE: _("Ideas rest on evidence"),
    Factor.GUARDRAILS: _("Guardrails stand beside the goal"),
    Factor.DECISIONS: _("Experiments end in a decision"),
    Factor.SPEED: _("From idea to decision in good time"),
    Factor.LEARNING: _("What was learned is written down"),
    Factor.TRUST: _("Results can be trusted"),
    Factor.CHANNELS: _("Several channels are in use"),
    Factor.AUDIENCES: _("Messages meet whom they are meant for"),
    Factor.CONSENT: _("We know whom we may write to"),
    Factor.PRESSURE: _("Nobody gets too many messages"),
    Factor.LIMITS: _("Quiet hours and a cap protect customers"),
    Factor.LISTENING: _("We hear what customers feel"),
}
FACTOR_CHOICES = list(FACTOR_LABELS.items())
FACTOR_MEASURES = {
    Factor.EVIDENCE: _("Launched experiments whose idea has evidence beyond an opinion"),
    Factor.GUARDRAILS: _("Decided experiments with a guardrail"),
    Factor.DECISIONS: _("Experiments that ended in the quarter and were decided"),
    Factor.SPEED: _("Median days from idea to decision"),
    Factor.LEARNING: _("Decided experiments closed with a retro"),
    Factor.TRUST: _("Decided experiments of which no health check failed"),
    Factor.CHANNELS: _("Channels that launched experiments wrote for"),
    Factor.AUDIENCES: _("Launched experiments with an audience"),
    Factor.CONSENT: _("Customers whose word of consent we have"),
    Factor.PRESSURE: _("Messages per customer and week, 95th percentile"),
    Factor.LIMITS: _("Of quiet hours and a frequency cap, those that are set"),
    Factor.LISTENING: _("Of complaints and unsubscribes, those that are reported here"),
}
AXIS_LABELS = {Axis.EXPERIMENTATION: _("Experimentation"), Axis.CHANNEL: _("Channels")}
LEVEL_LABELS = {Level.ACTIVATE: _("Activate"), Level.ACCELERATE: _("Accelerate"), Level.LEAD: _("Lead")}
