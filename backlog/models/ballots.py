"""What one member says of one idea in one round."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backlog.choices import Scale
from backlog.models.columns import long_text
from backlog.models.rounds import RoundIdea
from backlog.scoring import HIGHEST, LOWEST, Scores
from engagement.core.clock import now


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
    comment = long_text(_("comment"), blank=True)
    impact_comment = long_text(_("comment on impact"), blank=True)
    confidence_comment = long_text(_("comment on the confidence rating"), blank=True)
    ease_comment = long_text(_("comment on ease"), blank=True)
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

    # Filled in by the page that shows a second round beside the first: the voter's ballot there.
    first: "Ballot | None"

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
    def comments(self) -> dict[Scale | None, str]:
        """What was said, by the scale it is about; None stands for the whole idea, and comes last."""
        said: dict[Scale | None, str] = {scale: getattr(self, f"{scale}_comment") for scale in Scale}
        said[None] = self.comment
        return {scale: text for scale, text in said.items() if text}

    def said_on(self, scale: Scale) -> str:
        """What explains the score on a scale: the comment on it, else the one on the whole idea."""
        return self.comments.get(scale, self.comment)

    @property
    def expected_lift_percent(self) -> Decimal | None:
        return None if self.expected_lift is None else 100 * self.expected_lift

    @property
    def is_by_author(self) -> bool:
        return self.voter_id == self.round_idea.idea.author_id
