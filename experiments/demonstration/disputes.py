"""What became of the disputes at the Courier: both ends wrote, and one idea was scored again."""

from dataclasses import dataclass
from decimal import Decimal

from experiments.demonstration.calendar import THURSDAY, TUESDAY, WEDNESDAY, When, in_quarter


@dataclass(frozen=True, slots=True)
class TalkText:
    """What the two ends of a dispute wrote, whoever the ballots made an end."""

    idea: str
    scale: str
    when: When
    lowest: "Side"
    highest: "Side"


@dataclass(frozen=True, slots=True)
class Side:
    """Why, and what would change one's mind."""

    why: str
    would_change: str


TALKS = (
    TalkText(
        idea="ask-on-top",
        scale="impact",
        when=in_quarter(-9, WEDNESDAY, 11),
        lowest=Side(
            "Readers give this letter three minutes before work. What stands first is what they take it for, and then "
            "we would be the paper that asks.",
            "Three weeks in which as many people open the letter as before.",
        ),
        highest=Side(
            "Two in three never reach the ask. Of those who do, as many say yes as on the site, so three times as many "
            "answers is no dream.",
            "If those who meet it first say no far more often than those who read down to it.",
        ),
    ),
    TalkText(
        idea="corrections",
        scale="impact",
        when=in_quarter(-9, WEDNESDAY, 14),
        lowest=Side(
            "A handful of articles a month carry a correction. I cannot see a habit grow from that.",
            "A count of the readers concerned that comes out ten times what I think.",
        ),
        highest=Side(
            "Twice this year a reader learnt of our mistake elsewhere. Trust goes in one sentence, and people remember "
            "which paper owned up.",
            "If readers who saw a correction came back no more often than those who did not.",
        ),
    ),
    TalkText(
        idea="newsroom-evening",
        scale="ease",
        when=in_quarter(1, THURSDAY, 10),
        lowest=Side(
            "The stream is the work: sound, a host, somebody who answers questions. Last year it took three of us two "
            "weeks.",
            "A first evening without a stream.",
        ),
        highest=Side(
            "The evening is there already, and so is the room. What we add is one letter and a page.",
            "If the house will not open on a weekday.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class SecondRoundText:
    """A second round on one idea that the round before left disputed."""

    idea: str
    opened_by: str
    opens: When
    closes: When


SECOND_ROUND = SecondRoundText(
    idea="corrections", opened_by="kofi", opens=in_quarter(-9, THURSDAY, 9), closes=in_quarter(-8, TUESDAY, 17)
)


def second_thoughts(score: int | None, median: Decimal | None) -> int | None:
    """What somebody says who has heard the others: half the way from their first number to the middle."""
    return None if score is None or median is None else round((score + median) / 2)
