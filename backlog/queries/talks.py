"""The talks on disputed ideas, and for whose words they wait."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Case, F, QuerySet, TextField, Value, When

from backlog.choices import End, IdeaState
from backlog.models import Explanation, Talk
from backlog.queries.ballots import readable_by, talks_visible_to
from engagement.accounts.models import Member

READ = {"said": "text", "condition": "would_change"}
BESIDE = ("ballot__voter", "asked_by", "talk__alone_by", "talk__round_idea__round", "talk__round_idea__idea")
NO_LONGER_ASKED = (IdeaState.IN_ROUND, IdeaState.DECIDED, IdeaState.DECLINED, IdeaState.MERGED)


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a dispute as one member may see it; the texts are empty until they may read them.

    `invited` comes without its texts, so that nothing else can be shown.
    """

    invited: Explanation
    said: str
    would_change: str
    is_mine: bool


@dataclass(frozen=True, slots=True)
class TalkSeen:
    """A talk with both its sides, the higher one first."""

    talk: Talk
    sides: tuple[Side, Side]

    @property
    def mine(self) -> Side | None:
        return next((side for side in self.sides if side.is_mine), None)

    @property
    def awaited(self) -> list[Member]:
        """Whose text the talk waits for."""
        return [side.invited.voter for side in self.sides if not side.invited.is_written]

    @property
    def written(self) -> int:
        return sum(side.invited.is_written for side in self.sides)


def talks(member: Member, round_ideas: Collection[int]) -> dict[int, TalkSeen]:
    """The talks on these places in rounds, by the number of the place."""
    rows = Explanation.objects.filter(talk__in=talks_visible_to(member).filter(round_idea__in=round_ideas))
    read = {
        name: Case(When(readable_by(member), then=F(column)), default=Value(""), output_field=TextField())
        for name, column in READ.items()
    }
    rows = rows.annotate(**read).defer(*READ.values()).select_related(*BESIDE)
    sides: defaultdict[int, dict[str, Side]] = defaultdict(dict)
    for row in rows:
        side = Side(row, row.said, row.condition, is_mine=row.ballot.voter_id == member.pk)
        sides[row.talk.round_idea_id][row.end] = side
    return {
        place: TalkSeen(both[End.HIGHEST].invited.talk, (both[End.HIGHEST], both[End.LOWEST]))
        for place, both in sides.items()
    }


def explanations_waiting_for(member: Member) -> QuerySet[Explanation]:
    """The disputed ideas about which this member, at one end, has not written yet, the newest first."""
    waiting = Explanation.objects.filter(ballot__voter=member, written_at=None, talk__opened_at=None)
    waiting = waiting.filter(talk__in=talks_visible_to(member)).exclude(
        talk__round_idea__idea__state__in=NO_LONGER_ASKED
    )
    if not member.may_write:
        return waiting.none()
    return waiting.select_related("ballot", "talk__round_idea__round", "talk__round_idea__idea__pod").order_by("-pk")
