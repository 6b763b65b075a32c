"""The talk on a disputed idea, as one member sees it."""

from datetime import datetime
from typing import Any

from backlog import queries, rules
from backlog.models import RoundIdea
from engagement.accounts.models import Member


def talk_shown(member: Member, place: RoundIdea, *, at: datetime) -> dict[str, Any]:
    """The talk on this place in a round, with what the member may do in it; `talk` is None where there is none."""
    seen = queries.talks(member, [place.pk]).get(place.pk)
    if seen is None:
        return {"talk": None}
    mine = seen.mine
    is_moderator = rules.is_moderator(member, place.round)
    return {
        "talk": seen,
        "sides": [
            {
                "side": side,
                "may_ask": member.may_write and rules.asking_refusal(member, seen.talk, side.invited) is None,
            }
            for side in seen.sides
        ],
        "may_explain": mine is not None and member.may_write and _may_write(seen, mine),
        "may_stand_alone": is_moderator and rules.alone_refusal(seen.talk, written_by=seen.written, at=at) is None,
    }


def _may_write(seen: queries.TalkSeen, mine: queries.Side) -> bool:
    return rules.explanation_refusal(seen.talk, mine.invited) is None
