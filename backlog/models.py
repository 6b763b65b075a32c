"""One backlog of ideas, the rounds in which pods score them blind, and the ballots."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backlog.choices import Channel, IdeaState, Lever, LifecycleStage, RoundState, Scale
from backlog.scoring import HIGHEST, LOWEST, Scores
from engagement.accounts.models import Pod
from engagement.core.clock import now

TEXT_LIMIT = 5_000


def _text(label: Any, **options: Any) -> "models.TextField[str, str]":
    """A text of some paragraphs; the limit keeps pages readable and a forged request small."""
    return models.TextField(label, max_length=TEXT_LIMIT, validators=[MaxLengthValidator(TEXT_LIMIT)], **options)


class Idea(models.Model):
    """A proposed change with its problem; not yet a plan."""

    title = models.CharField(_("title"), max_length=150)
    problem = _text(_("problem"), help_text=_("What happens today, to whom, and how you know."))
    change = _text(_("proposed change"), help_text=_("What customers would meet instead."))
    pod = models.ForeignKey(
        Pod, on_delete=models.PROTECT, null=True, blank=True, related_name="ideas", verbose_name=_("pod")
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ideas")
    lever = models.CharField(_("lever"), max_length=20, choices=Lever.choices, blank=True)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices, blank=True)
    lifecycle_stage = models.CharField(_("lifecycle stage"), max_length=20, choices=LifecycleStage.choices, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=IdeaState.choices, default=IdeaState.BACKLOG)
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
            models.CheckConstraint(condition=~Q(title="") & ~Q(problem="") & ~Q(change=""), name="idea_says_what"),
        ]

    def __str__(self) -> str:
        return self.title


class VotingRound(models.Model):
    """A time-boxed set of ideas scored blind by invited members."""

    name = models.CharField(_("name"), max_length=80)
    pod = models.ForeignKey(Pod, on_delete=models.PROTECT, related_name="voting_rounds", verbose_name=_("pod"))
    state = models.CharField(max_length=10, choices=RoundState.choices, default=RoundState.OPEN)
    opens_at = models.DateTimeField(_("opens"), default=now)
    closes_at = models.DateTimeField(_("closes"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="voting_rounds_opened"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="voting_rounds_closed"
    )
    ideas = models.ManyToManyField(Idea, through="RoundIdea", related_name="voting_rounds")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="RoundMember", related_name="voting_rounds")

    # Filled in by `queries.rounds_visible_to` alone.
    idea_count: int
    member_count: int
    voter_count: int
    own_count: int
    is_invited: bool

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="round_closes_after_opening"),
            models.CheckConstraint(
                condition=Q(state=RoundState.OPEN, closed_at=None)
                | Q(state=RoundState.CLOSED, closed_at__isnull=False),
                name="round_closed_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_closed(self) -> bool:
        return self.state == RoundState.CLOSED


class RoundMember(models.Model):
    """A member invited to score in a round."""

    round = models.ForeignKey(VotingRound, on_delete=models.CASCADE, related_name="round_members")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="round_members")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["round", "member"], name="round_member_once")]

    def __str__(self) -> str:
        return str(self.member)


class RoundIdea(models.Model):
    """An idea's place in a round. The numbers are empty until the round closes and stay as they are then."""

    round = models.ForeignKey(VotingRound, on_delete=models.CASCADE, related_name="round_ideas")
    idea = models.ForeignKey(Idea, on_delete=models.PROTECT, related_name="round_ideas")
    ice = models.DecimalField(_("ICE score"), max_digits=3, decimal_places=1, null=True)
    impact_median = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    impact_spread = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    confidence_median = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    confidence_spread = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    ease_median = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    ease_spread = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    counted_ballots = models.PositiveSmallIntegerField(null=True, help_text="Ballots that scored at least one scale.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "idea"], name="round_idea_once"),
            models.CheckConstraint(
                condition=Q(ice=None)
                | Q(
                    ice__range=(LOWEST, HIGHEST),
                    impact_median__isnull=False,
                    confidence_median__isnull=False,
                    ease_median__isnull=False,
                    counted_ballots__gte=1,
                ),
                name="round_idea_score_has_its_medians",
            ),
        ]

    def __str__(self) -> str:
        return str(self.idea)

    @property
    def scales(self) -> list[dict[str, Any]]:
        """Label, median and spread of each scale, as frozen."""
        numbers = ("median", "spread")
        return [
            {"label": scale.label, **{number: getattr(self, f"{scale}_{number}") for number in numbers}}
            for scale in Scale
        ]

    @property
    def widest_spread(self) -> Decimal | None:
        return max((scale["spread"] for scale in self.scales if scale["spread"] is not None), default=None)


def _scale(label: Any) -> "models.PositiveSmallIntegerField[int | None, int | None]":
    limits = [MinValueValidator(LOWEST), MaxValueValidator(HIGHEST)]
    return models.PositiveSmallIntegerField(label, null=True, blank=True, validators=limits)


class Ballot(models.Model):
    """One member's scores for one idea in one round, kept as it was sent.

    It hangs on the idea's place in the round, so that a ballot for an idea outside the round cannot exist.
    """

    round_idea = models.ForeignKey(RoundIdea, on_delete=models.PROTECT, related_name="ballots")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ballots")
    impact = _scale(_("impact"))
    confidence = _scale(_("confidence rating"))
    ease = _scale(_("ease"))
    comment = _text(_("comment"), blank=True)
    expected_lift = models.DecimalField(
        _("expected lift"),
        max_digits=6,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(-1), MaxValueValidator(10)],
        help_text="A share: 0.03 is 3% more.",
    )
    cast_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["round_idea", "voter"], name="ballot_once"),
            *[
                models.CheckConstraint(
                    condition=Q(**{scale: None}) | Q(**{f"{scale}__range": (LOWEST, HIGHEST)}),
                    name=f"ballot_{scale}_from_1_to_10",
                )
                for scale in ("impact", "confidence", "ease")
            ],
            models.CheckConstraint(
                condition=Q(expected_lift=None) | Q(expected_lift__range=(-1, 10)), name="ballot_lift_is_possible"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voter}, {self.round_idea}"

    @property
    def scores(self) -> Scores:
        return Scores(self.impact, self.confidence, self.ease)

    @property
    def expected_lift_percent(self) -> Decimal | None:
        return None if self.expected_lift is None else 100 * self.expected_lift

    @property
    def is_by_author(self) -> bool:
        return self.voter_id == self.round_idea.idea.author_id
