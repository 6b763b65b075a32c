"""Who may do what with ideas, rounds and ballots; each refusal is one sentence."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backlog.choices import IdeaState, RoundState, Scale, may_become
from backlog.models import Ballot, Evidence, Explanation, Idea, RoundIdea, Talk, VotingRound
from backlog.quorum import Quorum
from engagement.accounts.models import Member, Pod
from engagement.core.errors import Conflict, DomainError, Forbidden


def is_in_pod(member: Member, pod: Pod | None) -> bool:
    return pod is not None and pod in member.pods.all()  # a page that has them at hand already asks no more


def may_change_idea(member: Member, idea: Idea) -> bool:
    """Its author, members of its pod and administrators; readers never."""
    belongs = member.is_administrator or idea.author_id == member.pk or is_in_pod(member, idea.pod)
    return member.may_write and belongs


def may_unlink_evidence(member: Member, evidence: Evidence, *, may_change: bool) -> bool:
    """Whoever linked it, and those who may change the idea, as `may_change` says for all its evidence at once."""
    return member.may_write and (may_change or evidence.added_by_id == member.pk)


def may_set_goals(member: Member, pod: Pod) -> bool:
    """Members of the pod and administrators; readers never."""
    return member.may_write and (member.is_administrator or is_in_pod(member, pod))


def is_settled(idea: Idea) -> bool:
    """Whether nothing said of it can change what becomes of it."""
    return idea.state in {IdeaState.DECIDED, IdeaState.DECLINED}


def discussion_refusal(idea: Idea) -> DomainError | None:
    """Why nothing can be said of the idea now; None where it can."""
    if idea.state != IdeaState.IN_ROUND:
        return None
    return Conflict(_("The idea is being scored blind. The discussion opens again when its round is closed."))


def may_open_round(member: Member, pod: Pod) -> bool:
    return member.may_write and (member.is_administrator or is_in_pod(member, pod))


def may_close_round(member: Member, voting_round: VotingRound) -> bool:
    return is_moderator(member, voting_round)


def is_moderator(member: Member, voting_round: VotingRound) -> bool:
    """Whoever opened it, members of its pod and administrators; readers never."""
    opened = voting_round.opened_by_id == member.pk
    return member.may_write and (opened or member.is_administrator or is_in_pod(member, voting_round.pod))


def second_round_refusal(member: Member, first_round: VotingRound) -> DomainError | None:
    """Why this member cannot open a second round after this one; None where they can, if an idea is left for it."""
    if not is_moderator(member, first_round):
        return Forbidden(_("Only whoever opened the round, its pod and administrators open a second one."))
    if not first_round.is_closed:
        return Conflict(_("A second round takes up what a closed one left disputed. This one is still open."))
    if first_round.first_round_id is not None:
        return Conflict(_("This was the second round. What is still disputed is settled by experiment."))
    return None


def may_be_scored_again(idea: Idea, place: RoundIdea) -> bool:
    """Whether an idea, by its place in a closed round, is disputed and free for a second one."""
    return place.most_disputed_scale is not None and idea.state in may_become(IdeaState.IN_ROUND)


def both_ends(ballots: Iterable[Ballot], scale: Scale) -> tuple[Ballot, Ballot]:
    """The lowest and the highest of some ballots on a scale; of equal ones, one who said why, where one did."""
    cast = [ballot for ballot in ballots if getattr(ballot, scale) is not None]
    lowest = min(cast, key=lambda ballot: (getattr(ballot, scale), not ballot.said_on(scale), ballot.pk))
    return lowest, max(cast, key=lambda ballot: (getattr(ballot, scale), bool(ballot.said_on(scale)), -ballot.pk))


def explanation_refusal(talk: Talk, explanation: Explanation | None) -> DomainError | None:
    """Why nothing is taken in for this end of a dispute now; None where it is. No end is no invitation."""
    if explanation is None:
        return Forbidden(_("Only the two ends of the dispute are asked to write first. Others talk in the discussion."))
    if explanation.is_written:
        return Conflict(_("Your text is kept as you sent it. Add to it in the discussion of the idea."))
    if talk.is_open:
        return Conflict(_("The other end’s text stands alone by now. Say yours in the discussion of the idea."))
    if talk.round_idea.idea.state == IdeaState.IN_ROUND:
        return Conflict(_("The idea is being scored blind. Write when its round is closed."))
    return None


def asking_refusal(member: Member, talk: Talk, explanation: Explanation) -> DomainError | None:
    """Why this member cannot be asked for a reason by mail; None where they can. `member` is whoever asks."""
    refusal = explanation_refusal(talk, explanation)
    if refusal is not None or explanation.voter.pk == member.pk:
        return refusal or Conflict(_("You are this end of the dispute: write your reason."))
    if explanation.asked_at is not None:
        words = _("%(name)s was asked on %(time)s, and is asked once only.")
        return Conflict(words % {"name": explanation.voter, "time": written(explanation.asked_at)})
    if not (explanation.voter.is_active and explanation.voter.may_write):
        return Conflict(_("%(name)s can no longer write here.") % {"name": explanation.voter})
    return None


def alone_refusal(talk: Talk, *, written_by: int, at: datetime) -> DomainError | None:
    """Why the one text there is cannot stand alone yet; None where it can. `written_by`: how many have written."""
    until = talk.round_idea.round.talk_until
    if talk.is_open or written_by != 1:
        return Conflict(_("A text stands alone where one of two is written and nothing is shown yet."))
    if until is None or at < until:
        return Conflict(_("Both ends are waited for until %(time)s.") % {"time": written(until)})
    return None


def quorum_missing(found: Quorum) -> str:
    """What keeps the round from being closed, and the two ways on."""
    parts = []
    if found.members_missing:
        words = ngettext("%(count)d more member", "%(count)d more members", found.members_missing)
        parts.append(words % {"count": found.members_missing})
    if found.disciplines_missing:
        words = ngettext("%(count)d more discipline", "%(count)d more disciplines", found.disciplines_missing)
        parts.append(words % {"count": found.disciplines_missing})
    told = _(
        "The quorum is not met: %(missing)s must vote. Extend the round by a day, or let a second member waive it."
    )
    return told % {"missing": _(" and ").join(parts)}


def takes_ballots(voting_round: VotingRound, *, at: datetime) -> bool:
    in_time = voting_round.opens_at <= at < voting_round.closes_at
    return in_time and voting_round.state == RoundState.OPEN


def may_be_declined(idea: Idea) -> bool:
    return idea.state in may_become(IdeaState.DECLINED)


def may_be_merged(idea: Idea) -> bool:
    return idea.state in may_become(IdeaState.MERGED)


def may_be_planned(idea: Idea) -> bool:
    """Whether an experiment can be made from it now."""
    return idea.state in may_become(IdeaState.PLANNED)


def voting_refusal(member: Member, voting_round: VotingRound, *, is_invited: bool, at: datetime) -> DomainError | None:
    """Why no ballot is taken from this member at this moment; None when one is."""
    if not member.may_write:
        return Forbidden(_("Readers look and do not score. What the pod says is shown here once the round is closed."))
    if not is_invited:
        return Forbidden(
            _("You are not invited to score in %(round)s. What the pod says is shown here once the round is closed.")
            % {"round": voting_round}
        )
    if voting_round.state == RoundState.CLOSED:
        words = _("%(round)s was closed on %(time)s. Ballots are taken until then only; the scores stand.")
        return Conflict(words % {"round": voting_round, "time": written(voting_round.closed_at)})
    if at >= voting_round.closes_at:
        words = _("Voting in %(round)s ended on %(time)s. The scores are shown once somebody closes the round.")
        return Conflict(words % {"round": voting_round, "time": written(voting_round.closes_at)})
    if at < voting_round.opens_at:
        words = _("%(round)s opens on %(time)s.")
        return Conflict(words % {"round": voting_round, "time": written(voting_round.opens_at)})
    return None


def written(moment: datetime | None) -> str:
    """A time as people here read it, in the zone of the person asking."""
    return date_format(localtime(moment), "DATETIME_FORMAT") if moment else ""
