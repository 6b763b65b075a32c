"""Which voter was told of which decision."""

from django.conf import settings
from django.db import models

from engagement.core.clock import now
from experiments.models.answer import Decision


class DigestNote(models.Model):
    """One member's note of one decision: written before the mail leaves, so that none is sent twice."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="digest_notes")
    sent_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "decision"], name="digest_note_once")]

    def __str__(self) -> str:
        return f"{self.member}, {self.decision}"
