"""Milestones: proposed backwards from the launch, handed over, moved, done."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.queries import workspace
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict
from experiments import rules
from experiments.milestones import Step, proposed
from experiments.models import Experiment, Milestone


@transaction.atomic
def propose(*, experiment: Experiment, actor: Member, at: datetime | None = None) -> list[Milestone]:
    """The steps that the experiment does not have yet, counted back from its first day; those it has stay.

    Plan, content and audience are the strategy owner's, the launch is the launch owner's, where there is one; the
    approval is a second member's, so nobody's until somebody takes it.
    """
    experiment = _planned(experiment, actor)
    if experiment.starts is None:
        raise Conflict(_("Give the experiment its days first: milestones are counted back from the launch."))
    moment, zone = at or now(), ZoneInfo(workspace().time_zone)
    days = proposed(experiment.starts.astimezone(zone).date(), today=moment.astimezone(zone).date())
    there = set(experiment.milestones.values_list("step", flat=True))
    made = [
        Milestone(experiment=experiment, step=step, due=due, owner=_usual_owner(experiment, step))
        for step, due in days.items()
        if step not in there
    ]
    if made:
        Milestone.objects.bulk_create(made)
        after = {str(one.get_step_display()): one.due.isoformat() for one in made}
        audit.record(actor=actor, verb="proposed milestones", target=experiment, after=after, at=moment)
    return made


@transaction.atomic
def change(*, milestone: Milestone, owner: Member | None, due: date, actor: Member) -> Milestone:
    """Another owner or another day."""
    _planned(milestone.experiment, actor)
    before, after = audit.changed(milestone, {"owner": owner, "due": due})
    milestone.owner, milestone.due = owner, due
    milestone.save(update_fields=["owner", "due"])
    if after:
        step = {"milestone": str(milestone.get_step_display())}
        audit.record(
            actor=actor, verb="changed a milestone", target=milestone.experiment, before={**step, **before},
            after={**step, **after},
        )  # fmt: skip
    return milestone


@transaction.atomic
def set_done(*, milestone: Milestone, is_done: bool, actor: Member, at: datetime | None = None) -> Milestone:
    """Done, or open again. Saying twice what is so already changes nothing."""
    _planned(milestone.experiment, actor)
    moment = at or now()
    values = {"done_at": moment, "done_by": actor} if is_done else {"done_at": None, "done_by": None}
    if Milestone.objects.filter(pk=milestone.pk, done_at__isnull=is_done).update(**values):
        verb = "did a milestone" if is_done else "opened a milestone again"
        step = {"milestone": str(milestone.get_step_display())}
        audit.record(actor=actor, verb=verb, target=milestone.experiment, after=step, at=moment)
    milestone.refresh_from_db()
    return milestone


def move_along(*, experiment: Experiment, by: timedelta) -> None:
    """Open milestones keep their distance from a launch that was moved; in its mover's transaction and entry."""
    days = timedelta(days=round(by / timedelta(days=1)))
    for milestone in experiment.milestones.filter(done_at=None):
        milestone.due += days
        milestone.save(update_fields=["due"])


def launched(*, experiment: Experiment, actor: Member | None, at: datetime) -> None:
    """The launch is done; in its own transaction and entry."""
    experiment.milestones.filter(step=Step.LAUNCH, done_at=None).update(done_at=at, done_by=actor)


def _planned(experiment: Experiment, actor: Member) -> Experiment:
    require_writer(actor)
    found = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if not rules.may_prepare(actor, found):
        words = _("Its milestones stand: the experiment is %(state)s.")
        raise Conflict(words % {"state": found.get_state_display().lower()})
    return found


def _usual_owner(experiment: Experiment, step: Step) -> Member | None:
    if step == Step.LAUNCH:
        return experiment.launch_owner or experiment.strategy_owner
    return None if step == Step.APPROVAL else experiment.strategy_owner
