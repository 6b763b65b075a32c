"""The talk on an idea about which a round was split: its two ends write first and are read together."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backlog.choices import End, Scale
from backlog.models.ballots import Ballot
from backlog.models.columns import long_text
from backlog.models.rounds import RoundIdea

if TYPE_CHECKING:
    from engagement.accounts.models import Member


class Talk(models.Model):
    """One disputed idea of a closed round, with the scale on which it is disputed most."""

    round_idea = models.OneToOneField(RoundIdea, on_delete=models.CASCADE, related_name="talk")
    scale = models.CharField(_("scale"), max_length=10, choices=Scale.choices)
    opened_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when the texts are shown: both are written, or one stands alone."
    )
    alone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="talks_opened_alone"
    )
    alone_reason = models.CharField(max_length=300, blank=True, help_text="Why one text stands alone.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(scale__in=Scale.values), name="talk_scale_known"),
            models.CheckConstraint(
                condition=Q(alone_by=None, alone_reason="") | Q(opened_at__isnull=False) & ~Q(alone_reason=""),
                name="talk_alone_says_why",
            ),
        ]

    def __str__(self) -> str:
        return str(self.round_idea)

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None


class Explanation(models.Model):
    """What the voter at one end has to say: empty as long as it is only an invitation."""

    talk = models.ForeignKey(Talk, on_delete=models.CASCADE, related_name="explanations")
    ballot = models.OneToOneField(Ballot, on_delete=models.PROTECT, related_name="explanation")
    end = models.CharField(_("end"), max_length=10, choices=End.choices)
    text = long_text(_("Why you scored it so"), blank=True)
    would_change = long_text(_("What would change your mind?"), blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When somebody asked for it, by mail.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="explanations_asked"
    )
    mailed_at = models.DateTimeField(null=True, blank=True)

    # Filled in by `queries.talks` alone: the texts as far as the member who asks may read them.
    said: str
    condition: str

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["talk", "end"], name="explanation_once_an_end"),
            models.CheckConstraint(condition=Q(end__in=End.values), name="explanation_end_known"),
            models.CheckConstraint(
                condition=Q(written_at=None, text="", would_change="") | Q(written_at__isnull=False) & ~Q(text=""),
                name="explanation_written_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voter}, {self.talk}"

    @property
    def voter(self) -> "Member":
        return self.ballot.voter

    @property
    def score(self) -> int | None:
        """What the ballot says on the disputed scale."""
        score: int | None = getattr(self.ballot, self.talk.scale)
        return score

    @property
    def is_written(self) -> bool:
        return self.written_at is not None
