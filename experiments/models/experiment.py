"""The experiment: its plan, its variants, its metrics."""

import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from engagement.core.clock import now
from experiments.choices import STATE_CHOICES, Direction, ExperimentKind, MetricKind, MetricRole
from experiments.lifecycle import State
from experiments.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    from experiments.models.milestone import Milestone

KEY_PATTERN = re.compile(r"^[A-Za-z0-9_-]+\Z")
KEY = RegexValidator(KEY_PATTERN.pattern, _("Letters, digits, - and _ only."))


class Experiment(models.Model):
    """A randomised comparison of message variants with a plan fixed before launch."""

    uid = models.UUIDField(
        unique=True, default=uuid.uuid4, editable=False, help_text="Names its rows in the store; the salt of its hash."
    )
    key = models.CharField(_("key"), max_length=100, unique=True, validators=[KEY])
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(max_length=10, choices=ExperimentKind.choices, default=ExperimentKind.AB)
    state = models.CharField(max_length=10, choices=STATE_CHOICES, default=State.DRAFT)
    idea = models.ForeignKey(
        "backlog.Idea", null=True, blank=True, on_delete=models.PROTECT, related_name="experiments"
    )
    pod = models.ForeignKey("accounts.Pod", null=True, blank=True, on_delete=models.PROTECT, related_name="experiments")

    because = models.TextField(_("because"), blank=True)
    we_believe = models.TextField(_("we believe"), blank=True)
    audience = models.TextField(_("for"), blank=True)
    will_move = models.TextField(_("will move"), blank=True)
    by = models.CharField(_("by"), max_length=100, blank=True)
    within = models.CharField(_("within"), max_length=100, blank=True)

    plan = models.JSONField(
        null=True, blank=True, help_text="What it was sized for; see experiments.experiment_file.Plan."
    )
    sealed_until = models.DateTimeField(_("sealed until"), null=True, blank=True)
    pauses_on = models.JSONField(default=list, help_text="Alerts at which it pauses by itself; see PAUSE_CONDITIONS.")
    subgroups = models.JSONField(default=list, help_text="Traits and customer states declared for a separate look.")
    audience_version = models.ForeignKey(
        "customers.AudienceVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="experiments"
    )
    default_message = models.ForeignKey(
        "experiments.DefaultMessage", null=True, blank=True, on_delete=models.PROTECT, related_name="experiments",
        help_text="Control is this message; shipping replaces it, or makes it where there is none.",
    )  # fmt: skip
    for_eligible_only = models.BooleanField(default=False, help_text="Decides about customers with a row that says so.")
    follows_dates = models.BooleanField(default=False, help_text="Runs elsewhere: its dates alone make its state.")

    starts = models.DateTimeField(_("starts"), null=True, blank=True)
    ends = models.DateTimeField(_("ends"), null=True, blank=True, help_text=_("Exclusive."))
    planned_starts = models.DateTimeField(null=True, blank=True, help_text="As the plan said when it was launched.")
    planned_ends = models.DateTimeField(null=True, blank=True, help_text="As the plan said when it was launched.")

    strategy_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    launch_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    analysis_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    early_stop_reason = models.TextField(_("why it was stopped early"), blank=True)
    is_simulated = models.BooleanField(
        default=False, help_text="Its customers and events were made up for the demonstration."
    )
    created_at = models.DateTimeField(default=now, editable=False)

    # Filled in by `queries.warning_signs.under_way` alone.
    held_milestones: "list[Milestone]"

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts=None) | Q(ends=None) | Q(starts__lt=F("ends")), name="experiment_starts_before_ends"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_hypothesis(self) -> bool:
        return any((self.because, self.we_believe, self.audience, self.will_move, self.by, self.within))


class Variant(models.Model):
    """One of the compared treatments, control included. Its message may be none."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    key = models.CharField(_("key"), max_length=100)
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveSmallIntegerField(help_text="0 is control.")
    share = models.FloatField(_("share"), validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])
    message = models.OneToOneField("messaging.Message", null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "key"], name="variant_key_once"),
            models.UniqueConstraint(fields=["experiment", "position"], name="variant_position_once"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lt=1), name="variant_share_between_0_and_1"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_control(self) -> bool:
        return self.position == 0


class Metric(models.Model):
    """A metric of one experiment: its role there, and its definition as data."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="metrics")
    key = models.CharField(_("key"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=MetricKind.choices)
    role = models.CharField(_("role"), max_length=10, choices=MetricRole.choices)
    direction = models.CharField(_("direction"), max_length=4, choices=Direction.choices, default=Direction.UP)
    position = models.PositiveSmallIntegerField(default=0)
    columns = models.JSONField(
        default=dict, help_text="The rest of the definition; see experiments.metrics.definition."
    )

    frozen_cap = models.FloatField(null=True, help_text="Taken once, from the time before the start.")
    cap_taken_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "key"], name="metric_key_once"),
            models.UniqueConstraint(
                fields=["experiment"], condition=Q(role=MetricRole.PRIMARY), name="metric_primary_exactly_one"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def definition(self) -> MetricDefinition:
        columns = {"key": self.key, "kind": self.kind, "direction": self.direction, **self.columns}
        declared = MetricDefinition.from_json(columns)
        if self.cap_taken_at is None:
            return declared
        return replace(declared, cap=self.frozen_cap, winsorise=None)
