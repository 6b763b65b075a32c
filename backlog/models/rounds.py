"""The rounds in which pods score ideas blind, and each idea's place in one."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backlog.choices import RoundState, Scale
from backlog.models.ideas import Idea
from backlog.quorum import HALF, TWO
from backlog.scoring import HIGHEST, LOWEST
from engagement.accounts.models import Pod
from engagement.core.clock import now

FEWEST_TO_DISPUTE, DISPUTED_SPREAD, AGREED_SPREAD = 5, 3, 1
OUTLIER_DISTANCE = 3
TALK_DAYS, LONGEST_TALK = 3, 30  # how long both ends of a dispute are waited for before one may stand alone


class VotingRound(models.Model):
    """A time-boxed set of ideas scored blind by invited members."""

    name = models.CharField(_("name"), max_length=80)
    pod = models.ForeignKey(Pod, on_delete=models.PROTECT, related_name="voting_rounds", verbose_name=_("pod"))
    first_round = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="second_rounds",
        help_text="Where this is a second round: the one whose disputed ideas it takes up.",
    )  # fmt: skip
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
    quorum_share = models.FloatField(
        _("share of members"), default=HALF, validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("Of those invited, who must have sent a ballot."),
    )  # fmt: skip
    quorum_disciplines = models.PositiveSmallIntegerField(_("disciplines"), default=TWO)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="voting_rounds_waived"
    )
    waived_at = models.DateTimeField(null=True, blank=True)
    waiver = models.CharField(_("waiver"), max_length=300, blank=True, help_text=_("Why it counts without quorum."))
    talk_days = models.PositiveSmallIntegerField(
        _("days to wait for outliers"), default=TALK_DAYS, validators=[MaxValueValidator(LONGEST_TALK)]
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
            models.CheckConstraint(
                condition=Q(waived_by=None, waived_at=None) | Q(waived_at__isnull=False) & ~Q(waiver=""),
                name="round_waiver_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_closed(self) -> bool:
        return self.state == RoundState.CLOSED

    @property
    def talk_until(self) -> datetime | None:
        """Until when both ends of a dispute are waited for; None while nothing is closed."""
        return self.closed_at and self.closed_at + timedelta(days=self.talk_days)


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
    rank = models.FloatField(null=True, help_text="1 is best, ties averaged.")
    rank_low = models.FloatField(null=True, help_text="5th percentile over redrawn voters.")
    rank_high = models.FloatField(null=True, help_text="95th percentile.")
    tier = models.PositiveSmallIntegerField(
        null=True, help_text="1 is the top; ideas of one tier cannot be told apart."
    )

    counted_ballots = models.PositiveSmallIntegerField(null=True, help_text="Ballots that scored at least one scale.")

    ballots_moved = models.PositiveSmallIntegerField(default=0, help_text="Came from an idea merged into this one.")
    ballots_dropped = models.PositiveSmallIntegerField(default=0, help_text="Gave way to a newer one by that merge.")

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
    def disputed_scales(self) -> list[Scale]:
        """Those on which the middle half of at least five ballots lies three points apart or more."""
        if (self.counted_ballots or 0) < FEWEST_TO_DISPUTE:
            return []
        spreads = {scale: getattr(self, f"{scale}_spread") for scale in Scale}
        return [scale for scale, spread in spreads.items() if spread is not None and spread >= DISPUTED_SPREAD]

    @property
    def most_disputed_scale(self) -> Scale | None:
        return max(self.disputed_scales, key=lambda scale: getattr(self, f"{scale}_spread"), default=None)

    @property
    def is_agreed(self) -> bool:
        """Whether the pod agreed strongly: at least five ballots and no spread above one."""
        widest = self.widest_spread
        return (self.counted_ballots or 0) >= FEWEST_TO_DISPUTE and widest is not None and widest <= AGREED_SPREAD

    @property
    def widest_spread(self) -> Decimal | None:
        return max((scale["spread"] for scale in self.scales if scale["spread"] is not None), default=None)
