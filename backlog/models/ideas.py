"""Ideas, the evidence behind them, and what people say about them."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backlog.choices import Channel, Grade, IdeaState, Lever, LifecycleStage, Scale
from backlog.models.columns import long_text
from backlog.models.goals import Goal
from engagement.accounts.models import Pod
from engagement.core.clock import now
from engagement.customers.choices import STATE_CHOICES

if TYPE_CHECKING:
    from backlog.models.rounds import RoundIdea


class Idea(models.Model):
    """A proposed change with its problem; not yet a plan."""

    title = models.CharField(_("title"), max_length=150)
    problem = long_text(_("problem"), help_text=_("What happens today, to whom, and how you know."))
    change = long_text(_("proposed change"), help_text=_("What customers would meet instead."))
    pod = models.ForeignKey(
        Pod, on_delete=models.PROTECT, null=True, blank=True, related_name="ideas", verbose_name=_("pod")
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ideas")
    lever = models.CharField(_("lever"), max_length=20, choices=Lever.choices, blank=True)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices, blank=True)
    lifecycle_stage = models.CharField(_("lifecycle stage"), max_length=20, choices=LifecycleStage.choices, blank=True)
    customer_state = models.CharField(
        _("customer state"), max_length=10, choices=STATE_CHOICES, blank=True,
        help_text=_("How often those it is for use the product, if it is for some alone."),
    )  # fmt: skip
    expected_audience = models.PositiveIntegerField(
        _("expected audience"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("About how many customers would meet it in a quarter."),
    )
    serves = models.ForeignKey(
        Goal, on_delete=models.PROTECT, null=True, blank=True, related_name="ideas", verbose_name=_("goal it serves")
    )
    may_hurt_goal = models.ForeignKey(
        Goal,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="endangered_by",
        verbose_name=_("goal it may hurt"),
    )
    may_hurt = models.CharField(
        _("may hurt"), max_length=150, blank=True, help_text=_("What could get worse by it, such as unsubscribes.")
    )
    state = models.CharField(_("state"), max_length=10, choices=IdeaState.choices, default=IdeaState.BACKLOG)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_ideas"
    )
    created_at = models.DateTimeField(_("added"), default=now)
    updated_at = models.DateTimeField(_("changed"), default=now)

    # Filled in by `queries.ideas_visible_to` alone.
    ice: "Decimal | None"
    results: "list[RoundIdea]"

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state"])]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=IdeaState.values), name="idea_state_known"),
            models.CheckConstraint(
                condition=Q(state=IdeaState.MERGED, merged_into__isnull=False)
                | ~Q(state=IdeaState.MERGED) & Q(merged_into=None),
                name="idea_merged_into_one",
            ),
            models.CheckConstraint(
                condition=Q(serves=None) | Q(may_hurt_goal=None) | ~Q(serves=F("may_hurt_goal")),
                name="idea_hurts_another_goal",
                violation_error_message=_("An idea cannot hurt the goal it serves. Choose another one, or none."),
            ),
            models.CheckConstraint(condition=~Q(title="") & ~Q(problem="") & ~Q(change=""), name="idea_says_what"),
        ]

    def __str__(self) -> str:
        return self.title


class Evidence(models.Model):
    """A source that backs an idea, or speaks against it, with a grade from opinion to own experiment."""

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="evidence")
    source = models.CharField(_("source"), max_length=150, help_text=_("What it is and from when."))
    grade = models.CharField(_("grade"), max_length=20, choices=Grade.choices)
    says = models.CharField(_("what it says"), max_length=300, help_text=_("In one sentence, with its numbers."))
    url = models.URLField(_("link"), blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="evidence")
    added_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(grade__in=Grade.values), name="evidence_grade_known")]

    def __str__(self) -> str:
        return self.source


class Post(models.Model):
    """What somebody says in the discussion of an idea, of one scale or of the whole."""

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="posts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="posts")
    text = long_text(_("Add to the discussion"))
    scale = models.CharField(_("about"), max_length=10, choices=Scale.choices, blank=True)
    is_note = models.BooleanField(default=False, help_text="Written when the idea was settled already.")
    written_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="post_says_something")]

    def __str__(self) -> str:
        return f"{self.author}, {self.idea}"
