"""Who has which part in an experiment: strategy, launch, analysis. Whoever launches does not analyse."""

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.queries import writing_members
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.errors import Conflict, Forbidden
from experiments.choices import STATE_LABELS
from experiments.lifecycle import PLANNED, State
from experiments.models import Experiment

NAMED_AT_MOST = 4


@transaction.atomic
def assign(
    *,
    experiment: Experiment,
    strategy_owner: Member | None,
    launch_owner: Member | None,
    analysis_owner: Member | None,
    actor: Member | None,
) -> Experiment:
    """Names the three owners before the launch; refused where one member would launch and analyse."""
    require_writer(actor)
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.state not in PLANNED:
        state = str(STATE_LABELS[State(experiment.state)]).lower()
        raise Conflict(_("The roles are frozen: the experiment is %(state)s.") % {"state": state})
    refuse_launch_by_analyst(launch=launch_owner, analysis=analysis_owner)
    owners = {"strategy_owner": strategy_owner, "launch_owner": launch_owner, "analysis_owner": analysis_owner}
    before, after = audit.changed(experiment, owners)
    for column, member in owners.items():
        setattr(experiment, column, member)
    experiment.save(update_fields=list(owners))
    if after:
        audit.record(actor=actor, verb="assigned roles", target=experiment, before=before, after=after)
    return experiment


def refuse_launch_by_analyst(*, launch: Member | None, analysis: Member | None) -> None:
    """Refuses the same member in both parts, and names who is free."""
    if launch is None or analysis is None or launch.pk != analysis.pk:
        return
    free = [member.name for member in writing_members().exclude(pk=launch.pk).order_by("name")[:NAMED_AT_MOST]]
    who = _("Free: %(names)s.") % {"names": ", ".join(free)} if free else _("Nobody else is here: invite a member.")
    sentence = _("%(name)s cannot both launch and analyse: nobody signs their own launch.") % {"name": launch.name}
    raise Forbidden(f"{sentence} {who}", field="analysis_owner")
