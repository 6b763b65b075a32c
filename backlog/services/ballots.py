"""Casting a ballot. There is no other verb: a ballot is kept as it was sent.

It leaves no entry in the trail while its round is open: a name with a time, beside a tally that grows by a dot, would
put the name on the dot. Closing writes who voted (see `rounds.close_round`).
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from backlog import rules
from backlog.models import Ballot, Idea, RoundIdea, RoundMember, VotingRound
from backlog.services import columns
from engagement.accounts.models import Member
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput


@transaction.atomic
def cast(
    *,
    voting_round: VotingRound,
    idea: Idea,
    voter: Member,
    impact: int | None,
    confidence: int | None,
    ease: int | None,
    comment: str = "",
    impact_comment: str = "",
    confidence_comment: str = "",
    ease_comment: str = "",
    expected_lift: Decimal | None = None,
    at: datetime | None = None,
) -> Ballot:
    """The voter's one ballot for this idea in this round: whole numbers from 1 to 10, None for “cannot judge”.

    `expected_lift` is a share: 0.03 is three percent more. The voter's invitation is locked first: it makes two
    ballots of one voter take turns, and lets closing wait for every ballot on its way, while voters never wait for
    each other. The round is read after the lock, so that a round closed meanwhile is seen as closed.
    """
    moment = at or now()
    is_invited = RoundMember.objects.select_for_update().filter(round=voting_round, member=voter).first() is not None
    voting_round = VotingRound.objects.get(pk=voting_round.pk)
    refusal = rules.voting_refusal(voter, voting_round, is_invited=is_invited, at=moment)
    if refusal is not None:
        raise refusal
    ballot = Ballot(
        round_idea=_place(voting_round, idea, voter),
        voter=voter,
        impact=impact,
        confidence=confidence,
        ease=ease,
        comment=comment.strip(),
        impact_comment=impact_comment.strip(),
        confidence_comment=confidence_comment.strip(),
        ease_comment=ease_comment.strip(),
        expected_lift=expected_lift,
        cast_at=moment,
    )
    columns.check(ballot)
    ballot.save()
    return ballot


def _place(voting_round: VotingRound, idea: Idea, voter: Member) -> RoundIdea:
    """The idea's place in the round, free for this voter's first ballot."""
    round_idea = RoundIdea.objects.select_related("idea").filter(round=voting_round, idea=idea).first()
    kept = Idea.objects.get(pk=idea.pk).merged_into
    if round_idea is None and kept is not None:
        words = _("“%(idea)s” was merged into “%(kept)s” meanwhile. Score that one.")
        raise Conflict(words % {"idea": idea, "kept": kept})
    if round_idea is None:
        words = _("“%(idea)s” is not among the ideas of %(round)s.")
        raise InvalidInput(words % {"idea": idea, "round": voting_round}, field="idea")
    if round_idea.ballots.filter(voter=voter).exists() and voting_round.first_round_id is not None:
        raise Conflict(_("Ballots of a second round are kept as they were sent."))
    if round_idea.ballots.filter(voter=voter).exists():
        raise Conflict(_("First-round ballots are kept as they were sent. A second round opens if the pod wants one."))
    return round_idea
