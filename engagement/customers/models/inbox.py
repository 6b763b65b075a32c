"""What came in over HTTP and is not in the store yet."""

from django.db import models


class InboxItem(models.Model):
    """One accepted item, until a flush has written it to the store. `flush` names the flush that claimed it."""

    payload = models.BinaryField(help_text="engagement.customers.payloads.Taken as JSON.")
    received_at = models.DateTimeField()
    flush = models.BigIntegerField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"item {self.pk}"


class SeenMessage(models.Model):
    """The hash of a message id that was accepted. It outlives the flush, so that a retry a day later adds nothing."""

    message = models.UUIDField(primary_key=True, help_text="128 bits of the message id's hash.")
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.message)


class Flush(models.Model):
    """One move from the inbox to the store. Its number grows with time, whatever database it is counted in: the store
    remembers the last one it took, and would take a smaller one for a repeat."""

    number = models.BigIntegerField(primary_key=True, help_text="Microseconds since 1970, or the last one plus 1.")
    is_done = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.number)
