"""What a pod is to move in a quarter."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backlog.choices import GoalDirection, GoalKind
from backlog.quarters import NAME
from engagement.accounts.models import Pod
from engagement.core.clock import now


class Goal(models.Model):
    """A metric, how far it is to move, for which pod, in which quarter.

    `metric_key` is a key of the registry, which lives upstairs; here it is a text. Shares are kept as shares: a lift
    of 0.05 is 5%, and a value of 0.33 with the unit % is 33%.
    """

    quarter = models.CharField(_("quarter"), max_length=7, validators=[RegexValidator(NAME)], help_text="2026-Q3")
    pod = models.ForeignKey(Pod, on_delete=models.PROTECT, related_name="goals", verbose_name=_("pod"))
    name = models.CharField(_("goal"), max_length=100, help_text=_("What is to move, in a few words."))
    metric_key = models.CharField(_("metric"), max_length=100, help_text=_("Its key in the registry of metrics."))
    direction = models.CharField(_("direction"), max_length=4, choices=GoalDirection.choices, default=GoalDirection.UP)
    kind = models.CharField(_("kind of target"), max_length=5, choices=GoalKind.choices, default=GoalKind.VALUE)
    target = models.DecimalField(_("target"), max_digits=16, decimal_places=6)
    baseline = models.DecimalField(_("from"), max_digits=16, decimal_places=6, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=10, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="goals", verbose_name=_("owner")
    )
    created_at = models.DateTimeField(default=now)

    # Filled in by `queries.goals_of` alone.
    idea_count: int

    class Meta:
        ordering = ["-quarter", "pod__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["metric_key", "pod", "quarter"],
                name="goal_once",
                violation_error_message=_("This pod has a goal for this metric in this quarter already. Change that."),
            ),
            models.CheckConstraint(condition=Q(direction__in=GoalDirection.values), name="goal_direction_known"),
            models.CheckConstraint(
                condition=Q(kind=GoalKind.VALUE)
                | Q(kind=GoalKind.LIFT, target__gt=0, direction=GoalDirection.UP)
                | Q(kind=GoalKind.LIFT, target__gt=0, target__lte=1, direction=GoalDirection.DOWN),
                name="goal_lift_is_a_size",
                violation_error_message=_("A lift is above 0%%, and nothing falls by more than 100%%."),
            ),
            models.CheckConstraint(
                condition=Q(kind=GoalKind.LIFT)
                | Q(baseline=None)
                | Q(direction=GoalDirection.UP, target__gt=F("baseline"))
                | Q(direction=GoalDirection.DOWN, target__lt=F("baseline")),
                name="goal_lies_ahead",
                violation_error_message=_("The target lies on the wrong side of where the metric stands."),
            ),
        ]

    SIGNS: ClassVar[dict[str, int]] = {GoalDirection.UP: 1, GoalDirection.DOWN: -1}

    def __str__(self) -> str:
        return f"{self.name} ({self.quarter})"

    @property
    def reference(self) -> str:
        """How a file names it; needs its pod."""
        return f"{self.quarter}/{self.pod.slug}/{self.metric_key}"

    @property
    def lift(self) -> Decimal | None:
        """What is asked for as a lift, below 0 for a fall; None where nobody said from where."""
        if self.kind == GoalKind.LIFT:
            return self.SIGNS[self.direction] * self.target
        return self.target / self.baseline - 1 if self.baseline else None
