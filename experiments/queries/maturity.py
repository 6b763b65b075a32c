"""What members rated: one's own ratings, and of all of them counts and averages alone."""

from dataclasses import dataclass

from django.db.models import Avg, Count

from engagement.accounts.models import Member
from experiments.maturity import LEAST_RATERS
from experiments.models import FactorRating


@dataclass(frozen=True, slots=True)
class Rated:
    """How many rated a factor, and their average to one digit; None while they are too few to stay unnamed."""

    raters: int
    average: float | None


def own_ratings(member: Member, quarter: str) -> dict[str, int]:
    """By factor."""
    return dict(FactorRating.objects.filter(member=member, quarter=quarter).values_list("factor", "rating"))


def ratings(quarter: str) -> dict[str, Rated]:
    """By factor; one that nobody rated is missing."""
    found = FactorRating.objects.filter(quarter=quarter).values_list("factor")
    told = found.annotate(raters=Count("pk"), average=Avg("rating")).order_by("factor")
    return {
        factor: Rated(raters, round(average, 1) if raters >= LEAST_RATERS else None)
        for factor, raters, average in told
    }  # fmt: skip


def rater_count(quarter: str) -> int:
    """Members who rated anything."""
    return FactorRating.objects.filter(quarter=quarter).values("member").distinct().count()
