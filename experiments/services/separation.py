"""Keeping customers from experiments, and experiments from each other. None of it changes while an experiment runs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from backlog.quarters import Quarter
from engagement.accounts.models import Member
from engagement.accounts.queries import workspace
from engagement.accounts.rules import require_administrator, require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.customers.models import Customer
from experiments.lifecycle import State
from experiments.models import EligibleCustomer, ExclusionGroup, ExclusionRange, Experiment, Holdout

LARGEST_HOLDOUT = 0.5
OVER = (State.ENDED, State.DECIDED, State.CLOSED)
CHUNK = 500
ROUNDING = 1e-9


@transaction.atomic
def set_holdout(*, quarter: Quarter, share: float, actor: Member | None) -> Holdout:
    """The share of all customers that no experiment starting in the quarter may have; 0 keeps nobody out."""
    require_administrator(actor)
    if not 0 <= share <= LARGEST_HOLDOUT:
        raise InvalidInput(_("A holdout is between 0 and 50% of the customers."), field="share")
    started = _started_in(quarter)
    if started is not None:
        sentence = _("“%(name)s” has started in %(quarter)s, so its holdout is fixed. Set the next quarter's.")
        raise Conflict(sentence % {"name": started, "quarter": quarter})
    holdout, _is_new = Holdout.objects.select_for_update().get_or_create(
        quarter=str(quarter), defaults={"share": share}
    )
    before, holdout.share = holdout.share, share
    holdout.save()
    audit.record(actor=actor, verb="set holdout", target=holdout, before={"share": before}, after={"share": share})
    return holdout


def _started_in(quarter: Quarter) -> Experiment | None:
    """One that runs and whose start lies in the quarter."""
    zone = ZoneInfo(workspace().time_zone)
    first, after = (datetime.combine(day, time.min, zone) for day in (quarter.first_day, quarter.first_day_after))
    return Experiment.objects.filter(_under_way(), starts__gte=first, starts__lt=after).first()


def _under_way() -> Q:
    runs_elsewhere = Q(follows_dates=True, state=State.READY, starts__lte=now())
    return Q(state__in=(State.RUNNING, State.PAUSED)) | runs_elsewhere


@transaction.atomic
def make_exclusion_group(*, name: str, actor: Member | None) -> ExclusionGroup:
    """A group whose experiments may not share customers."""
    require_writer(actor)
    if not name or ExclusionGroup.objects.filter(name=name).exists():
        raise Conflict(_("An exclusion group needs a name that no other has."), field="name")
    group = ExclusionGroup.objects.create(name=name)
    audit.record(actor=actor, verb="made exclusion group", target=group)
    return group


@transaction.atomic
def claim_range(*, experiment: Experiment, group: ExclusionGroup, share: float, actor: Member | None) -> ExclusionRange:
    """Gives the experiment this share of the group's customers for itself, in place of any it had claimed.

    What an experiment had is free again when it has ended. Refused once the experiment runs, and where no range of
    that width is free.
    """
    require_writer(actor)
    ExclusionGroup.objects.select_for_update().get(pk=group.pk)
    if Experiment.objects.filter(_under_way() | Q(state__in=OVER), pk=experiment.pk).exists():
        raise Conflict(_("The experiment has started, so its customers are fixed."))
    if not 0 < share <= 1:
        raise InvalidInput(_("The share must lie above 0 and at most be 1."), field="share")
    ExclusionRange.objects.filter(experiment=experiment).delete()
    ExclusionRange.objects.filter(group=group, experiment__state__in=OVER).delete()
    taken = list(ExclusionRange.objects.filter(group=group).values_list("low", "high"))
    low = _free(taken, share)
    if low is None:
        left = max(high - low for low, high in _gaps(taken))
        sentence = _("“%(group)s” has at most %(left).0f%% of its customers free in one piece.")
        raise Conflict(sentence % {"group": group, "left": 100 * left}, field="share")
    found = ExclusionRange.objects.create(experiment=experiment, group=group, low=low, high=min(1.0, low + share))
    audit.record(actor=actor, verb="claimed customers", target=experiment, after={"group": group.name, "share": share})
    return found


def _gaps(taken: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """What is free, in order, empty gaps included."""
    bounds = [(0.0, 0.0), *sorted(taken), (1.0, 1.0)]
    return [(before[1], after[0]) for before, after in pairwise(bounds)]


def _free(taken: Sequence[tuple[float, float]], share: float) -> float | None:
    """Where the first gap starts that is wide enough."""
    return next((low for low, high in _gaps(taken) if high - low >= share - ROUNDING), None)


@transaction.atomic
def limit_to(*, experiment: Experiment, customers: Iterable[int], actor: Member | None) -> int:
    """Lets the experiment decide about these customers (internal ids) and no others; how many rows were added.

    They are those of the audience whom every variant may reach. Nobody loses eligibility: whoever was exposed stays.
    A customer who turned out to be another is asked for by either name.
    """
    require_writer(actor)
    before = EligibleCustomer.objects.filter(experiment=experiment).count()
    ids = list(customers)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        also = Customer.objects.filter(merged_into__in=chunk).values_list("pk", flat=True)
        rows = [EligibleCustomer(experiment=experiment, customer_id=pk) for pk in {*chunk, *also}]
        EligibleCustomer.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
    Experiment.objects.filter(pk=experiment.pk).update(for_eligible_only=True)
    added = EligibleCustomer.objects.filter(experiment=experiment).count() - before
    audit.record(actor=actor, verb="limited to customers", target=experiment, after={"added": added})
    return added
