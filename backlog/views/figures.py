"""The dot strips of one idea: without names at the first look, with names after closing."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from backlog.choices import Scale
from backlog.models import Ballot
from backlog.queries import Tally
from backlog.scoring import HIGHEST, LOWEST, ScaleSummary, Scores, summarise
from backlog.strips import Point, Strip, draw, draw_nameless
from engagement.accounts.choices import Discipline
from engagement.accounts.models import Member
from engagement.core.templatetags.formats import exact


@dataclass(frozen=True, slots=True)
class Row:
    """One scale of the figure: its summary, None where that is withheld; its strip, None where nothing is to draw."""

    scale: Scale
    summary: ScaleSummary | None
    strip: Strip | None


@dataclass(frozen=True, slots=True)
class Figure:
    """Three strips, the disciplines that stand on them, and the same as a table."""

    rows: list[Row]
    disciplines: list[tuple[str, str]]
    is_second: bool = False
    said: str = ""

    @property
    def sentence(self) -> str:
        """What `said` says, else where the middle of the ballots is."""
        if self.said:
            return self.said
        medians = [(row.scale, row.summary.median) for row in self.rows if row.summary and row.summary.median]
        parts = [f"{scale.label.lower()} {exact(median)}" for scale, median in medians]
        return _("In the middle: %(parts)s") % {"parts": ", ".join(parts)}

    @property
    def table(self) -> list[tuple[int, list[int | None]]]:
        """For each number from 1 to 10 how often it was given on each scale."""
        counts = [row.summary.counts if row.summary else None for row in self.rows]
        return [
            (number, [None if one is None else one[number - LOWEST] for one in counts])
            for number in range(LOWEST, HIGHEST + 1)
        ]


def tally_figure(tally: Tally) -> Figure:
    """Dots without marks: with few ballots a discipline is as good as a name."""
    rows = []
    for scale in Scale:
        summary = tally.scales.get(scale)
        strip = None if summary is None else draw_nameless(summary, mine=_score(tally.mine, scale))
        rows.append(Row(scale, summary, strip))
    return Figure(rows, disciplines=[])


def reveal_figure(
    ballots: Iterable[Ballot], member: Member, *, first: Iterable[Ballot] = (), sentence: str = ""
) -> Figure:
    """Dots with discipline and name; the member's own ones marked. Above a second round's stand those of the first."""
    cast, before = list(ballots), list(first)
    summary = summarise(ballot.scores for ballot in cast)
    rows = [
        _named_row(scale, getattr(summary, scale), _named(scale, cast, member), _named(scale, before, member))
        for scale in Scale
    ]
    present = {ballot.voter.discipline for ballot in (*cast, *before)}
    disciplines = [(one.value, str(one.label)) for one in Discipline if one in present]
    return Figure(rows, disciplines, is_second=bool(before), said=sentence)


def _named_row(scale: Scale, summary: ScaleSummary, points: list[Point], earlier: list[Point]) -> Row:
    return Row(scale, summary, draw(points, summary, earlier=earlier) if points else None)


def _named(scale: Scale, ballots: list[Ballot], member: Member) -> list[Point]:
    return [
        Point(
            score,
            mark=ballot.voter.discipline,
            is_mine=ballot.voter_id == member.pk,
            name=ballot.voter.name,
            voter=ballot.voter_id,
        )
        for ballot in ballots
        if (score := _score(ballot.scores, scale)) is not None
    ]


def _score(scores: Scores, scale: Scale) -> int | None:
    score: int | None = getattr(scores, scale)
    return score
