"""Whom an experiment may ask: its audience, less whom not every variant reaches, the holdout and its neighbours'."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from backlog.quarters import Quarter
from engagement.accounts.models import Member
from engagement.accounts.queries import workspace
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict
from engagement.core.jobs import Progress
from engagement.customers.models import AudienceCount, AudienceVersion, Customer
from engagement.customers.queries import newest_audience_count
from engagement.customers.services import audiences
from engagement.customers.services.audiences import Asking, Reason
from engagement.customers.services.selecting import Ids, numbers
from engagement.messaging.choices import Channel
from engagement.messaging.queries import over_cap, sending_limits
from experiments.assignment import Slice, encoded
from experiments.lifecycle import PLANNED, State
from experiments.models import Experiment, Holdout
from experiments.services.separation import limit_to


@transaction.atomic
def choose(*, experiment: Experiment, version: AudienceVersion | None, actor: Member | None) -> None:
    """The experiment is for this version of an audience, None for everybody. Fixed once it has started."""
    require_writer(actor)
    changed = Experiment.objects.filter(pk=experiment.pk, state__in=PLANNED).update(audience_version=version)
    if not changed:
        raise Conflict(_("The experiment has started, so its audience is fixed."))
    before, after = ({"audience": str(one) if one else ""} for one in (experiment.audience_version, version))
    audit.record(actor=actor, verb="chose audience", target=experiment, before=before, after=after)
    experiment.refresh_from_db()


def count(*, experiment: Experiment, at: datetime | None = None) -> AudienceCount:
    """Who of the audience can be asked, with what keeps the others out: those the launch would fix at that moment."""
    moment = at or now()
    return audiences.count(version=_version(experiment), asking=_asking(experiment, moment), at=moment)


def newest_count(experiment: Experiment) -> AudienceCount | None:
    """The last count of this experiment over the channels it uses now; None before it, or without an audience."""
    version = experiment.audience_version
    found = newest_audience_count(version, experiment=str(experiment.uid)) if version else None
    return found if found and found.channels == audiences.joined(_channels(experiment)) else None


def count_job(*, progress: Progress, experiment_id: int) -> tuple[str, str]:
    """Counts for an experiment; its page starts it and shows the newest numbers until it is done."""
    experiment = Experiment.objects.select_related("audience_version__audience").get(pk=experiment_id)
    progress.doing(_("Counting “%(name)s”") % {"name": _version(experiment).audience})
    made = count(experiment=experiment)
    return audiences.told(made), reverse("experiment", args=[experiment.key, "audience"])


def freeze_eligibility(*, experiment: Experiment, actor: Member | None, at: datetime | None = None) -> int:
    """Fixes, at launch, whom the experiment may ask; how many. Nothing without an audience: then it asks anybody.

    Consent, suppression, holdout and exclusion group are asked here once, the same for every variant; what blocks a
    message later is recorded with the message.
    """
    if experiment.audience_version is None:
        return 0
    moment = at or now()
    ids = audiences.reachable(version=_version(experiment), asking=_asking(experiment, moment), at=moment)
    return limit_to(experiment=experiment, customers=[int(pk) for pk in ids], actor=actor)


def _version(experiment: Experiment) -> AudienceVersion:
    if experiment.audience_version is None:
        raise Conflict(_("No audience is chosen: the experiment is for everybody."))
    return experiment.audience_version


def _channels(experiment: Experiment) -> list[str]:
    """Every channel that a variant uses: whoever one of them cannot reach is in none."""
    variants = experiment.variants.select_related("message")
    return sorted({channel for variant in variants if variant.message for channel in variant.message.channels})


def _asking(experiment: Experiment, at: datetime) -> Asking:
    channels = _channels(experiment)
    further = _reasons(experiment, [one for one in channels if one != Channel.IN_APP], at)
    return Asking(channels, experiment.key, str(experiment.uid), further, _others(experiment, at))


def _others(experiment: Experiment, at: datetime) -> list[Reason]:
    """Experiments with a message and a fixed list of customers that are still under way at the planned time."""
    planned = max(at, experiment.starts or at)
    under_way = Experiment.objects.filter(state=State.RUNNING, for_eligible_only=True).exclude(pk=experiment.pk)
    still = under_way.filter(Q(ends=None) | Q(ends__gt=planned), variants__message__isnull=False).distinct()
    return [(other.name, _listed(other)) for other in still]


def _listed(experiment: Experiment) -> Callable[[Ids], NDArray[np.bool_]]:
    return lambda ids: np.isin(ids, numbers(experiment.eligible_customers.order_by().values_list("customer")))


def _reasons(experiment: Experiment, channels: Sequence[str], at: datetime) -> list[Reason]:
    """What is asked after suppression and consent: the frequency cap at the planned time, the holdout, neighbours."""
    holdout, group, limits = _holdout(experiment, at), _group(experiment), sending_limits().limits
    found: list[Reason] = []
    if limits.most is not None and channels:
        planned = max(at, experiment.starts or at)
        tired = numbers(over_cap(limits, at=planned).values_list("customer"))
        found.append(("over_cap", lambda ids: np.isin(ids, tired)))
    if holdout is not None:
        found.append(("holdout", _inside(holdout)))
    if group is not None:
        found.append(("other_experiment", _outside(group)))
    return found


def _holdout(experiment: Experiment, at: datetime) -> Slice | None:
    zone = ZoneInfo(workspace().time_zone)
    quarter = Quarter.of((experiment.starts or at).astimezone(zone).date())
    held = Holdout.objects.filter(quarter=str(quarter), share__gt=0).first()
    return Slice(held.salt, 0.0, held.share) if held else None


def _group(experiment: Experiment) -> Slice | None:
    if not hasattr(experiment, "exclusion_range"):
        return None
    found = experiment.exclusion_range
    return Slice(found.group.salt, found.low, found.high)


def _inside(slice_: Slice) -> Callable[[Ids], NDArray[np.bool_]]:
    return lambda ids: slice_.held(_keys(ids))


def _outside(slice_: Slice) -> Callable[[Ids], NDArray[np.bool_]]:
    return lambda ids: ~slice_.held(_keys(ids))


def _keys(ids: Ids) -> list[bytes]:
    """The names by which these customers are hashed; the nameless by none, which lies in one place."""
    wanted = set(ids.tolist())
    names = dict(Customer.objects.filter(merged_into=None).values_list("pk", "external_id").iterator(10_000))
    return encoded([names.get(pk) or "" for pk in ids.tolist() if pk in wanted])
