"""Starting an experiment and ending it: moves that the table in `lifecycle` allows, each in the audit trail."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict
from experiments.choices import STATE_LABELS
from experiments.lifecycle import State, may_move
from experiments.models import Experiment
from experiments.services.eligibility import freeze_eligibility


@transaction.atomic
def start(*, experiment: Experiment, actor: Member | None, at: datetime | None = None) -> Experiment:
    """Launches the experiment: exposures count from this moment, and `actor` may not sign what comes out.

    With an audience, whom it may ask is fixed now. A draft is made ready on the way; the checklist that will stand
    between the two does not exist yet.
    """
    require_writer(actor)
    moment = at or now()
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.ends is None or experiment.ends <= moment:
        raise Conflict(_("The plan names no end after its start. Write the end into the plan, then launch."))
    if experiment.state == State.DRAFT:
        _move(experiment, State.READY, verb="made ready", actor=actor, at=moment)
    experiment.launch_owner, experiment.starts = actor, moment
    freeze_eligibility(experiment=experiment, actor=actor, at=moment)
    experiment.for_eligible_only = experiment.audience_version_id is not None or experiment.for_eligible_only
    return _move(experiment, State.RUNNING, verb="launched", actor=actor, at=moment)


@transaction.atomic
def end(*, experiment: Experiment, actor: Member | None, at: datetime | None = None) -> Experiment:
    """Ends the experiment; before its planned end, that end is drawn in, so that later exposures are left out."""
    require_writer(actor)
    moment = at or now()
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.state not in (State.RUNNING, State.PAUSED):
        raise Conflict(
            _("Only an experiment that was launched can be ended; this one is %(state)s.") % _state(experiment)
        )
    if experiment.ends is None or experiment.ends > moment:
        experiment.ends = moment
    return _move(experiment, State.ENDED, verb="ended", actor=actor, at=moment)


def _move(experiment: Experiment, to: State, *, verb: str, actor: Member | None, at: datetime) -> Experiment:
    """Saves the locked experiment in its new state."""
    before = State(experiment.state)
    if not may_move(before, to):
        words = _("The experiment is %(state)s, and from there it cannot become %(to)s.")
        raise Conflict(words % {**_state(experiment), "to": str(STATE_LABELS[to]).lower()})
    experiment.state = to
    experiment.save()
    audit.record(actor=actor, verb=verb, target=experiment, before={"state": before}, after={"state": to}, at=at)
    return experiment


def _state(experiment: Experiment) -> dict[str, str]:
    return {"state": experiment.get_state_display().lower()}
