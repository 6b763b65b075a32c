"""Starting an experiment and ending it: moves that the table in `lifecycle` allows, each in the audit trail."""

from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from engagement.accounts.models import AuditEntry, Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from experiments.choices import STATE_LABELS
from experiments.lifecycle import State, may_move
from experiments.models import Experiment
from experiments.services import milestones, roles, sending
from experiments.services.eligibility import freeze_eligibility

THE_PLAN = "the plan"  # who acts in the trail where nobody did


@transaction.atomic
def start(*, experiment: Experiment, actor: Member | None, at: datetime | None = None) -> Experiment:
    """Launches the experiment: exposures count from this moment, and `actor` may not sign what comes out.

    With an audience, whom it may ask is fixed now. A draft is made ready on the way. The doors ask `launching.launch`,
    where the launch checklist stands before this.
    """
    require_writer(actor)
    moment = at or now()
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if actor is not None:
        roles.refuse_launch_by_analyst(launch=actor, analysis=experiment.analysis_owner)
    if experiment.ends is None or experiment.ends <= moment:
        raise Conflict(_("The plan names no end after its start. Write the end into the plan, then launch."))
    if experiment.state == State.DRAFT:
        _move(experiment, State.READY, verb="made ready", actor=actor, at=moment)
    experiment.planned_starts, experiment.planned_ends = experiment.starts, experiment.ends
    experiment.launch_owner, experiment.starts = actor, moment
    freeze_eligibility(experiment=experiment, actor=actor, at=moment)
    experiment.for_eligible_only = experiment.audience_version_id is not None or experiment.for_eligible_only
    milestones.launched(experiment=experiment, actor=actor, at=moment)
    started = _move(experiment, State.RUNNING, verb="launched", actor=actor, at=moment)
    sending.begin(experiment=started)
    return started


@transaction.atomic
def end(*, experiment: Experiment, actor: Member | None, reason: str = "", at: datetime | None = None) -> Experiment:
    """Ends the experiment; before its planned end, that end is drawn in, so that later exposures are left out.

    A reason marks it as stopped early; what was sealed is shown from then on, beside that mark.
    """
    require_writer(actor)
    moment = at or now()
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.state not in (State.RUNNING, State.PAUSED):
        raise Conflict(
            _("Only an experiment that was launched can be ended; this one is %(state)s.") % _state(experiment)
        )
    if experiment.ends is None or experiment.ends > moment:
        experiment.ends = moment
    if reason:
        experiment.early_stop_reason = reason
        experiment.sealed_until = min(experiment.sealed_until, moment) if experiment.sealed_until else None
    sending.drop(experiment=experiment, at=moment)
    return _move(experiment, State.ENDED, verb="ended", actor=actor, at=moment, reason=reason)


@transaction.atomic
def pause(*, experiment: Experiment, actor: Member | None, reason: str, at: datetime | None = None) -> Experiment:
    """Nobody gets a variant from now on, until somebody resumes. Without a reason it is refused."""
    require_writer(actor)
    if not reason.strip():
        raise InvalidInput(_("Say why: whoever resumes it has to know."), field="reason")
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    return _move(experiment, State.PAUSED, verb="paused", actor=actor, at=at or now(), reason=reason.strip())


@transaction.atomic
def pause_by_plan(*, experiment: Experiment, reason: str, at: datetime) -> bool:
    """Pauses what runs, as its plan said it would; whether it did. A person resumes."""
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.state != State.RUNNING:
        return False
    _move(experiment, State.PAUSED, verb="paused", actor=None, actor_name=THE_PLAN, at=at, reason=reason)
    return True


@transaction.atomic
def resume(*, experiment: Experiment, actor: Member | None, at: datetime | None = None) -> Experiment:
    """Variants are given out again; the trail tells since when they were not. Only what is paused is resumed."""
    require_writer(actor)
    moment = at or now()
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.state != State.PAUSED:
        raise Conflict(_("Only a paused experiment can be resumed; this one is %(state)s.") % _state(experiment))
    if experiment.ends is None or experiment.ends <= moment:
        raise Conflict(_("Its planned end has passed while it was paused. End it."))
    return _move(experiment, State.RUNNING, verb="resumed", actor=actor, at=moment, reason=missed(experiment))


def missed(experiment: Experiment) -> str:
    """Since when a paused experiment has given out no variant; empty where no pause is on record."""
    entries = AuditEntry.objects.filter(target_type="experiment", target_id=str(experiment.pk), verb="paused")
    paused = entries.order_by("-at", "-pk").first()
    if paused is None:
        return ""
    since = date_format(localtime(paused.at), "j F Y, H:i")
    return _("Since %(since)s nobody was given a variant; nothing of that time is made up for.") % {"since": since}


def _move(
    experiment: Experiment, to: State, *, verb: str, actor: Member | None, at: datetime, reason: str = "",
    actor_name: str = "",
) -> Experiment:  # fmt: skip
    """Saves the locked experiment in its new state."""
    before = State(experiment.state)
    if not may_move(before, to):
        words = _("The experiment is %(state)s, and from there it cannot become %(to)s.")
        raise Conflict(words % {**_state(experiment), "to": str(STATE_LABELS[to]).lower()})
    experiment.state = to
    experiment.save()
    states = {"before": {"state": before}, "after": {"state": to}}
    audit.record(
        actor=actor, actor_name=actor_name, verb=verb, target=experiment, **states, reason=reason, at=at
    )  # fmt: skip
    return experiment


def _state(experiment: Experiment) -> dict[str, str]:
    return {"state": experiment.get_state_display().lower()}
