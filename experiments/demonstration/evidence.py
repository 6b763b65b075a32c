"""What backs the ideas of the Larkmoor Courier."""

from dataclasses import dataclass

from experiments.demonstration.calendar import FRIDAY, MONDAY, TUESDAY, When, in_quarter


@dataclass(frozen=True, slots=True)
class EvidenceText:
    """A source under an idea, with who linked it and when."""

    idea: str
    source: str
    grade: str
    says: str
    by: str
    when: When


EVIDENCE = (
    EvidenceText(
        idea="three-stories",
        source="Eleven talks with readers who registered in spring",
        grade="own_observation",
        says="None of the eleven remembered the letter about the account.",
        by="ruth",
        when=in_quarter(-12, MONDAY, 9, 40),
    ),
    EvidenceText(
        idea="three-stories",
        source="A publishers’ association on first letters",
        grade="third_party",
        says="Papers that open with stories report more second visits; nobody compared with a control.",
        by="aoife",
        when=in_quarter(-12, TUESDAY, 15, 5),
    ),
    EvidenceText(
        idea="ask-on-top",
        source="Where readers leave the morning letter, March",
        grade="own_observation",
        says="Two in three are gone by the weather, above the ask.",
        by="samir",
        when=in_quarter(-12, FRIDAY, 11, 15),
    ),
)
