"""A results file on its way in."""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models

from engagement.core.models import Job


class ResultsUpload(models.Model):
    """An uploaded file, kept on disk until a job has read it or nobody came back for it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=100, help_text="The experiment it is for, planned or not.")
    file_name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    header = models.JSONField(help_text="The names of its columns.")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def path(self) -> Path:
        return Path(settings.MEDIA_ROOT) / "results" / str(self.pk)
