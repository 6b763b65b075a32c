"""What a closed round shows: tiers with rank intervals, what is disputed with both ends beside each other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backlog import rules
from backlog.choices import IdeaState, Scale
from backlog.models import Ballot, Idea, RoundIdea
from backlog.queries import BoardRow, TalkSeen
from engagement.accounts.choices import Discipline
from engagement.accounts.models import Member
from engagement.core.figures.still import Dot, Drawing, Line

MOST_DISPUTED = 3
ROW, EDGE = 28.0, 14.0


@dataclass(frozen=True, slots=True)
class End:
    """One end of a dispute: the ballot farthest out, as an invitation to explain."""

    voter: str
    discipline: str
    score: int
    comment: str


@dataclass(frozen=True, slots=True)
class Disputed:
    """An idea and the scale on which it is disputed most, with the medians by discipline and both ends."""

    idea: Idea
    scale: Scale
    spread: str
    medians: str
    low: End
    high: End
    talk: TalkSeen | None

    @property
    def ends(self) -> tuple[End, End]:
        return self.high, self.low


@dataclass(frozen=True, slots=True)
class Ranked:
    """One idea in its tier; `place` is its rank with its 90% interval."""

    row: BoardRow
    place: str
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class Tier:
    number: int
    ideas: list[Ranked]


def disputed(board: Sequence[BoardRow], talks: Mapping[int, TalkSeen]) -> list[Disputed]:
    """The ideas with the widest spreads that meet the rule, at most three; empty for who may not see the ballots."""
    found = []
    for row in board:
        if row.result is None or not row.ballots:
            continue
        widest = row.result.most_disputed_scale
        if widest is not None:
            one = _disputed(row, row.result, widest, talks.get(row.result.pk))
            found.append((getattr(row.result, f"{widest}_spread"), one))
    return [one for _spread, one in sorted(found, key=lambda pair: -pair[0])[:MOST_DISPUTED]]


def next_talk(board: Sequence[BoardRow], talks: Mapping[int, TalkSeen]) -> TalkSeen | None:
    """The talk to hold next: one that waits for this member, else the first that waits for anybody."""
    places = [row.result.pk for row in board if row.result and row.idea.state == IdeaState.SCORED]
    waiting = [talks[place] for place in places if place in talks and not talks[place].talk.is_open]
    mine = (talk for talk in waiting if talk.mine and not talk.mine.invited.is_written)
    return next(mine, waiting[0] if waiting else None)


def _disputed(row: BoardRow, result: RoundIdea, scale: Scale, talk: TalkSeen | None) -> Disputed:
    low, high = (_end(ballot, scale) for ballot in rules.both_ends(row.ballots, scale))
    spread = f"{getattr(result, f'{scale}_spread').normalize():f}"
    return Disputed(row.idea, scale, spread, _medians(row.ballots, scale), low, high, talk)


def _end(ballot: Ballot, scale: Scale) -> End:
    label = str(Discipline(ballot.voter.discipline).label)
    return End(ballot.voter.name, label, getattr(ballot, scale), ballot.said_on(scale))


def _medians(cast: Sequence[Ballot], scale: Scale) -> str:
    """Such as “Marketing 8.5 · Data 3”."""
    scores: defaultdict[str, list[int]] = defaultdict(list)
    for ballot in cast:
        if getattr(ballot, scale) is not None:
            scores[ballot.voter.discipline].append(getattr(ballot, scale))
    return " · ".join(f"{one.label} {median(scores[one]):g}" for one in Discipline if one in scores)


@dataclass(frozen=True, slots=True)
class Comment:
    """What one voter said, with their score where it is about a scale."""

    voter: Member
    score: int | None
    text: str


def comments_by_scale(ballots: Sequence[Ballot]) -> list[tuple[str, list[Comment]]]:
    """The comments on each scale, then those on the whole idea, each group under its name; highest scores first."""
    groups: list[tuple[str, list[Comment]]] = []
    for scale in (*Scale, None):
        said = [_comment(ballot, scale) for ballot in ballots if scale in ballot.comments]
        said.sort(key=lambda one: -(one.score or 0))
        if said:
            groups.append((str(scale.label) if scale else _("The whole idea"), said))
    return groups


def _comment(ballot: Ballot, scale: Scale | None) -> Comment:
    score = None if scale is None else getattr(ballot, scale)
    return Comment(ballot.voter, score, ballot.comments[scale])


def tiers(board: Sequence[BoardRow]) -> list[Tier]:
    """Ideas by tier, each drawn with the interval of its rank; those without a rank are left out."""
    ranked = [row for row in board if row.result is not None and row.result.tier]
    count = len(ranked)
    by_tier: defaultdict[int, list[Ranked]] = defaultdict(list)
    for row in sorted(ranked, key=lambda row: (row.result.tier or 0, row.result.rank or 0) if row.result else (0, 0)):
        if row.result is not None and row.result.tier:
            by_tier[row.result.tier].append(Ranked(row, _place(row.result), _drawn(row.result, count)))
    return [Tier(number, ideas) for number, ideas in sorted(by_tier.items())]


def tiers_sentence(found: Sequence[Tier]) -> str:
    """How many are ahead, and how much the order below says."""
    if not found:
        return ""
    first = len(found[0].ideas)
    if len(found) == 1:
        return _("The order is mostly chance: with these ballots no idea is clearly ahead")
    ahead = ngettext("%(count)d idea is ahead", "%(count)d ideas are ahead", first) % {"count": first}
    return _("%(ahead)s; inside a tier the order is mostly chance") % {"ahead": ahead}


def _place(result: RoundIdea) -> str:
    values = {"rank": f"{result.rank:g}", "low": f"{result.rank_low:.0f}", "high": f"{result.rank_high:.0f}"}
    return _("%(rank)s (%(low)s to %(high)s)") % values


def _drawn(result: RoundIdea, count: int) -> Drawing:
    """The interval on an axis of all ranks, 200 wide."""

    def x(rank: float) -> float:
        return round(EDGE + (rank - 1) / max(count - 1, 1) * (200 - 2 * EDGE), 1)

    drawn = Drawing("rank", 200, ROW)
    drawn.lines = [
        Line(x(1), ROW / 2, x(max(count, 1)), ROW / 2, "grid"),
        Line(x(result.rank_low or 1), ROW / 2, x(result.rank_high or 1), ROW / 2, "range"),
    ]
    drawn.dots = [Dot(x(result.rank or 1), ROW / 2, 4.5)]
    return drawn
