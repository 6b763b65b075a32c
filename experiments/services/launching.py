"""Launching and stopping, as page and API ask for it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, DomainError, InvalidInput
from experiments.lifecycle import PLANNED
from experiments.models import Experiment
from experiments.services import checklist, runs
from experiments.services.checklist import Item


class OpenItems(Conflict):
    """The launch checklist has open items; `items` are they."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        titles = "; ".join(item.title for item in items)
        super().__init__(_("Launch is refused, these items are open: %(titles)s.") % {"titles": titles})


def launch(*, experiment: Experiment, actor: Member | None, at: datetime | None = None) -> Experiment:
    """Launches once no item of the checklist is open, else `OpenItems`. Every refusal is kept in the trail."""
    require_writer(actor)
    try:
        return _launch(experiment, actor, at or now())
    except DomainError as error:
        audit.record(actor=actor, verb="was refused to launch", target=experiment, reason=str(error))
        raise


@transaction.atomic
def _launch(experiment: Experiment, actor: Member | None, at: datetime) -> Experiment:
    # Locked before the checklist is read: no edit may slip in between the two.
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.state in PLANNED:
        items = [item for item in checklist.items(experiment, actor=actor, at=at) if item.is_open]
        if items:
            raise OpenItems(items)
    return runs.start(experiment=experiment, actor=actor, at=at)


def stop(*, experiment: Experiment, actor: Member | None, reason: str = "", at: datetime | None = None) -> Experiment:
    """Ends the experiment. Before its planned end a reason is mandatory, and marks it as stopped early."""
    moment, why = at or now(), reason.strip()
    is_early = experiment.ends is None or experiment.ends > moment
    if is_early and not why:
        raise InvalidInput(_("Say why it stops before its planned end: the readout shows it."), field="reason")
    return runs.end(experiment=experiment, actor=actor, reason=why if is_early else "", at=moment)
