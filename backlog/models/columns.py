"""Columns that several rows of the backlog share."""

from typing import Any

from django.core.validators import MaxLengthValidator
from django.db import models

TEXT_LIMIT = 5_000


def long_text(label: Any, **options: Any) -> "models.TextField[str, str]":
    """A text of some paragraphs; the limit keeps pages readable and a forged request small."""
    return models.TextField(label, max_length=TEXT_LIMIT, validators=[MaxLengthValidator(TEXT_LIMIT)], **options)
