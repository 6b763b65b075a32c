"""Rating the way we work."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from backlog.quarters import Quarter
from backlog.queries import current_quarter
from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from experiments.maturity import HIGHEST, LOWEST, Factor
from experiments.models import FactorRating


@transaction.atomic
def rate(*, quarter: Quarter, ratings: Mapping[str, int | None], actor: Member, at: datetime | None = None) -> None:
    """The member's ratings by factor, 1 to 5; None takes one back, and a factor that is not named stays as it is.

    A quarter is rated while it lasts and during the one after it; a released report keeps what it says. Ratings are
    anonymous, so that nothing enters the trail: a name and a time would tell whose rating moved an average.
    """
    require_writer(actor)
    present = current_quarter(at or now())
    if quarter not in (present, present.previous):
        raise Conflict(_("A quarter is rated while it lasts, and during the one after it."))
    for factor, rating in ratings.items():
        if factor not in set(Factor):
            raise InvalidInput(_("There is no factor “%(name)s”.") % {"name": factor})
        if rating is not None and not LOWEST <= rating <= HIGHEST:
            raise InvalidInput(_("A rating is 1, 2, 3, 4 or 5."), field=factor)
    mine = FactorRating.objects.filter(quarter=str(quarter), member=actor)
    mine.filter(factor__in=[factor for factor, rating in ratings.items() if rating is None]).delete()
    FactorRating.objects.bulk_create(
        [
            FactorRating(quarter=str(quarter), member=actor, factor=factor, rating=rating)
            for factor, rating in ratings.items()
            if rating is not None
        ],
        update_conflicts=True, unique_fields=["quarter", "member", "factor"], update_fields=["rating"],
    )  # fmt: skip
