"""Who may do what with an experiment."""

from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.core.errors import Conflict, Forbidden
from experiments.lifecycle import PLANNED, State, may_move
from experiments.models import Experiment, ReportText


def may_plan(member: Member) -> bool:
    return member.may_write


def may_decide(member: Member, experiment: Experiment) -> bool:
    """Anybody who writes here, but for who planned and who launched it: nobody signs the answer to their own question,
    and one signature is all there is."""
    return member.may_write and member.pk not in (experiment.launch_owner_id, experiment.strategy_owner_id)


def may_prepare(member: Member, experiment: Experiment) -> bool:
    """Roles, checklist and launch are open until the launch."""
    return member.may_write and experiment.state in PLANNED


def require_may_prepare(member: Member, experiment: Experiment) -> None:
    require_writer(member)
    if not may_prepare(member, experiment):
        state = experiment.get_state_display().lower()
        raise Conflict(_("The plan is frozen: the experiment is %(state)s.") % {"state": state})


def may_bring_results(member: Member, experiment: Experiment) -> bool:
    return member.may_write and may_move(State(experiment.state), State.ENDED)


def require_may_decide(member: Member | None, experiment: Experiment) -> None:
    require_writer(member)
    if member is None or may_decide(member, experiment):
        return
    if member.pk == experiment.launch_owner_id:
        raise Forbidden(_("You launched this experiment, so somebody else records its decision."))
    raise Forbidden(_("You planned this experiment, so somebody else records its decision."))


def why_not_decide(member: Member, experiment: Experiment) -> str:
    """The sentence that would refuse this member the decision; empty for those who may."""
    try:
        require_may_decide(member, experiment)
    except Forbidden as error:
        return str(error)
    return ""


def require_may_release(member: Member | None, text: ReportText | None) -> None:
    """Anybody who writes here, but for whoever wrote the text last: a second pair of eyes releases it."""
    require_writer(member)
    if member is not None and text is not None and text.edited_by_id == member.pk:
        raise Forbidden(_("You wrote this report, so somebody else releases it."))


def why_not_release(member: Member, text: ReportText | None) -> str:
    """The sentence that would refuse this member the release; empty for those who may."""
    try:
        require_may_release(member, text)
    except Forbidden as error:
        return str(error)
    return ""
