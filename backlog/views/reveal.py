"""What a closed round shows: tiers with rank intervals, what is disputed with both ends beside each other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django.utils.text import get_text_list
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
MOST_NAMED = 12
WIDTH, ROW, EDGE = 320.0, 28.0, 14.0


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
    return [
        _disputed(row, result, scale, talks.get(result.pk)) for row, result, scale in _by_spread(board)[:MOST_DISPUTED]
    ]


def most_disputed(board: Sequence[BoardRow]) -> BoardRow | None:
    """The first of them."""
    return next((row for row, _result, _scale in _by_spread(board)), None)


def _by_spread(board: Sequence[BoardRow]) -> list[tuple[BoardRow, RoundIdea, Scale]]:
    """What meets the spread rule, with the scale on which it does most; the widest spread first."""
    found = [
        (row, row.result, scale)
        for row in board
        if row.result is not None and row.ballots and (scale := row.result.most_disputed_scale) is not None
    ]
    return sorted(found, key=lambda one: -getattr(one[1], f"{one[2]}_spread"))


def split_sentence(row: BoardRow) -> str:
    """Who stands where on the scale on which a disputed idea is disputed most.

    Two camps are told where the disciplines fall apart into two groups of which no ballot reaches into the other's;
    of several such places it is the widest.
    """
    scale = row.result.most_disputed_scale if row.result else None
    if scale is None:
        return ""
    groups = sorted(_scores_by_discipline(row.ballots, scale).items(), key=lambda group: median(group[1]))
    halves = [(_camp(groups[:place]), _camp(groups[place:])) for place in range(1, len(groups))]
    apart = [(min(high.scores) - max(low.scores), low, high) for low, high in halves]
    gap, low, high = max(apart, key=lambda one: one[0], default=(0, None, None))
    if gap > 0 and low and high:
        words = _("On %(scale)s the pod is in two camps: %(high)s %(high_scores)s, %(low)s %(low_scores)s")
        told = {"high": high.names, "high_scores": high.told, "low": low.names, "low_scores": low.told}
        return words % {"scale": scale.label.lower(), **told}
    words = _("On %(scale)s the pod is split through its disciplines, from %(lowest)s to %(highest)s")
    scores = [score for _discipline, given in groups for score in given]
    return words % {"scale": scale.label.lower(), "lowest": min(scores), "highest": max(scores)}


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


@dataclass(frozen=True, slots=True)
class Camp:
    """The disciplines on one side, such as “marketing and product”, and what their members gave."""

    names: str
    scores: list[int]

    @property
    def told(self) -> str:
        """Such as “7 to 9”."""
        lowest, highest = min(self.scores), max(self.scores)
        if lowest == highest:
            return str(lowest)
        return _("%(lowest)s to %(highest)s") % {"lowest": lowest, "highest": highest}


def _camp(groups: Sequence[tuple[str, list[int]]]) -> Camp:
    names = [str(Discipline(discipline).label).lower() for discipline, _scores in groups]
    return Camp(get_text_list(names, _("and")), [score for _discipline, given in groups for score in given])


def _scores_by_discipline(cast: Sequence[Ballot], scale: Scale) -> dict[str, list[int]]:
    scores: defaultdict[str, list[int]] = defaultdict(list)
    for ballot in cast:
        if getattr(ballot, scale) is not None:
            scores[ballot.voter.discipline].append(getattr(ballot, scale))
    return scores


def _medians(cast: Sequence[Ballot], scale: Scale) -> str:
    """Such as “Marketing 8.5 · Data 3”."""
    scores = _scores_by_discipline(cast, scale)
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


def rank_axis(found: Sequence[Tier]) -> list[tuple[float, int]]:
    """Where on the drawings which rank lies: each up to twelve; of more the first, the last and four between."""
    count = sum(len(tier.ideas) for tier in found)
    named = [1 + round(step * (count - 1) / 5) for step in range(6)] if count > MOST_NAMED else range(1, count + 1)
    return [(_x(rank, count), rank) for rank in named]


def _x(rank: float, count: int) -> float:
    return round(EDGE + (rank - 1) / max(count - 1, 1) * (WIDTH - 2 * EDGE), 1)


def _place(result: RoundIdea) -> str:
    values = {"rank": f"{result.rank:g}", "low": f"{result.rank_low:.0f}", "high": f"{result.rank_high:.0f}"}
    return _("%(rank)s (%(low)s to %(high)s)") % values


def _drawn(result: RoundIdea, count: int) -> Drawing:
    """The interval on an axis of all ranks."""
    drawn = Drawing("rank", WIDTH, ROW)
    drawn.lines = [
        Line(_x(1, count), ROW / 2, _x(max(count, 1), count), ROW / 2, "grid"),
        Line(_x(result.rank_low or 1, count), ROW / 2, _x(result.rank_high or 1, count), ROW / 2, "range"),
    ]
    drawn.dots = [Dot(_x(result.rank or 1, count), ROW / 2, 4.5)]
    return drawn
