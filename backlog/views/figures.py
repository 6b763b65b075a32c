"""The dot strips of one idea: without names at the first look, with names after closing."""

from collections.abc import Iterable
from dataclasses import dataclass

from backlog.choices import Scale
from backlog.models import Ballot
from backlog.queries import Tally
from backlog.scoring import ScaleSummary, Scores, summarise
from backlog.strips import Point, Strip, draw
from engagement.accounts.models import Member


@dataclass(frozen=True, slots=True)
class Row:
    """One scale of the figure; no strip where it is withheld or nobody scored it."""

    scale: Scale
    summary: ScaleSummary | None
    strip: Strip | None


def tally_rows(tally: Tally) -> list[Row]:
    """Dots without marks: with few ballots a discipline is as good as a name."""
    return [_row(scale, tally.scales.get(scale), _nameless(scale, tally)) for scale in Scale]


def reveal_rows(ballots: Iterable[Ballot], member: Member) -> list[Row]:
    """Dots with discipline and name; the member's own one marked."""
    cast = list(ballots)
    summary = summarise(ballot.scores for ballot in cast)
    return [_row(scale, getattr(summary, scale), _named(scale, cast, member)) for scale in Scale]


def _row(scale: Scale, summary: ScaleSummary | None, points: list[Point]) -> Row:
    has_scores = summary is not None and summary.scored > 0
    return Row(scale, summary, draw(points, summary) if summary is not None and has_scores else None)


def _nameless(scale: Scale, tally: Tally) -> list[Point]:
    if scale not in tally.scales:
        return []
    mine = _score(tally.mine, scale)
    points = [Point(score) for score, count in enumerate(tally.scales[scale].counts, start=1) for _ in range(count)]
    if mine is not None:
        points.remove(Point(mine))
        points.append(Point(mine, mark="mine", is_mine=True))
    return points


def _named(scale: Scale, ballots: list[Ballot], member: Member) -> list[Point]:
    scored = [(ballot, score) for ballot in ballots if (score := _score(ballot.scores, scale)) is not None]
    return [
        Point(score, mark=ballot.voter.discipline, is_mine=ballot.voter_id == member.pk, name=ballot.voter.name)
        for ballot, score in scored
    ]


def _score(scores: Scores, scale: Scale) -> int | None:
    score: int | None = getattr(scores, scale)
    return score
