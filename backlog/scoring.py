"""What a blind round computes: medians, spreads, the ICE score, and each voter's own order."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from statistics import quantiles

SCALES = ("impact", "confidence", "ease")
LOWEST, HIGHEST = 1, 10


@dataclass(frozen=True, slots=True)
class Scores:
    """One ballot's three whole numbers from 1 to 10; None where the member abstained."""

    impact: int | None
    confidence: int | None
    ease: int | None

    @property
    def is_abstention(self) -> bool:
        """True when no scale was scored: such a ballot counts for turnout only and reveals nothing."""
        return all(getattr(self, scale) is None for scale in SCALES)


@dataclass(frozen=True, slots=True)
class ScaleSummary:
    """One scale over all ballots; the numbers are None where nobody scored it.

    `counts` tells how often each number from 1 to 10 was given.
    """

    lower: Decimal | None
    median: Decimal | None
    upper: Decimal | None
    counts: tuple[int, ...]

    @property
    def spread(self) -> Decimal | None:
        """Distance between the quartiles."""
        return None if self.upper is None or self.lower is None else self.upper - self.lower

    @property
    def scored(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Summary:
    """Three scales and the ICE score; `missing` names the scales without any score, for which there is no ICE."""

    impact: ScaleSummary
    confidence: ScaleSummary
    ease: ScaleSummary
    ice: Decimal | None
    missing: tuple[str, ...]
    counted: int


def summarise(ballots: Iterable[Scores]) -> Summary:
    """Medians, spreads and ICE of some ballots for one idea; each scale leaves out those who abstained on it."""
    cast = list(ballots)
    scales = {scale: summarise_scale([getattr(ballot, scale) for ballot in cast]) for scale in SCALES}
    return Summary(
        **scales,
        ice=ice_score([summary.median for summary in scales.values()]),
        missing=tuple(scale for scale, summary in scales.items() if summary.median is None),
        counted=sum(not ballot.is_abstention for ballot in cast),
    )


def summarise_scale(scores: Iterable[int | None]) -> ScaleSummary:
    given = sorted(score for score in scores if score is not None)
    lower, middle, upper = quartiles(given) if given else (None, None, None)
    counts = tuple(given.count(number) for number in range(LOWEST, HIGHEST + 1))
    return ScaleSummary(lower=lower, median=middle, upper=upper, counts=counts)


def quartiles(scores: list[int]) -> tuple[Decimal, Decimal, Decimal]:
    """Lower quartile, median and upper quartile of at least one score; multiples of 0.25.

    By linear interpolation between order statistics at 1 + (n − 1)·p.
    Source: definition 7 of Hyndman & Fan (1996), which spreadsheets and NumPy use by default.
    """
    points = quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else scores * 3
    lower, middle, upper = (Decimal(str(point)) for point in points)
    return lower, middle, upper


def ice_score(medians: Iterable[Decimal | None]) -> Decimal | None:
    """Mean of the three medians to one decimal; None unless there are all three.

    Medians are multiples of one half, so the mean is a multiple of one sixth and never falls between two decimals.
    """
    known = [value for value in medians if value is not None]
    if len(known) < len(SCALES):
        return None
    return (sum(known, Decimal(0)) / len(known)).quantize(Decimal("0.1"))


def order_key(*, member: int, voting_round: int, idea: int) -> bytes:
    """Sorts a round's ideas into an order that is one member's alone and stays."""
    return sha256(f"{voting_round}:{member}:{idea}".encode()).digest()
