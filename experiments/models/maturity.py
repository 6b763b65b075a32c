"""How members rate the way they work, factor by factor."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from experiments.choices import FACTOR_CHOICES
from experiments.maturity import HIGHEST, LOWEST


class FactorRating(models.Model):
    """One member's rating of one factor for a quarter. Only averages are ever told, so it has no time."""

    quarter = models.CharField(max_length=7, help_text="2026-Q3")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    factor = models.CharField(_("factor"), max_length=10, choices=FACTOR_CHOICES)
    rating = models.PositiveSmallIntegerField(_("rating"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["quarter", "member", "factor"], name="factor_rated_once"),
            models.CheckConstraint(condition=Q(rating__gte=LOWEST, rating__lte=HIGHEST), name="factor_rating_range"),
        ]

    def __str__(self) -> str:
        return f"{self.get_factor_display()}, {self.quarter}"
