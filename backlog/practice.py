"""Three examples on which a newcomer tries a ballot. They are in no table, and what is tried on them is not kept."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from backlog.choices import Channel, Grade, Lever, LifecycleStage
from backlog.models import Evidence, Idea


@dataclass(frozen=True, slots=True)
class Example:
    """An idea with its evidence, neither of them saved; `remark` is what the anchors would have one see in it."""

    idea: Idea
    evidence: list[Evidence]
    remark: str


def examples() -> list[Example]:
    """In the language of whoever asks: one backed by what we saw, one by what others tell, one by nothing."""
    return [_seen_by_us(), _told_by_others(), _backed_by_nothing()]


def _seen_by_us() -> Example:
    idea = Idea(
        title=_("Name the day of the next letter"),
        problem=_("Readers write to support to ask when the weekend letter comes. Nothing in it tells them."),
        change=_("The last line of each letter names the day and the subject of the next one."),
        lever=Lever.CONTENT,
        channel=Channel.EMAIL,
        lifecycle_stage=LifecycleStage.NURTURE,
        expected_audience=12_000,
    )
    seen = Evidence(
        source=_("Letters to support, last quarter"),
        grade=Grade.OWN_OBSERVATION,
        says=_("212 of 1,040 asked for the day of the next letter."),
    )
    remark = _(
        "One line in a letter is done within the hour and taken back with a switch: that is the 10 on ease. What we "
        "saw ourselves carries a confidence rating up to 7. Neither says how much it moves; that is for impact alone "
        "to say, and impact means: if it works."
    )
    return Example(idea, [seen], remark)


def _told_by_others() -> Example:
    idea = Idea(
        title=_("Push at noon instead of in the evening"),
        problem=_("Few readers open the evening push, and some switch all of them off."),
        change=_("The same push goes out at noon where the reader is."),
        lever=Lever.TIMING,
        channel=Channel.PUSH,
        lifecycle_stage=LifecycleStage.CONVERT,
        expected_audience=8_500,
        may_hurt=_("Unsubscribes from push"),
    )
    told = Evidence(
        source=_("Talk at a trade fair, another publisher"),
        grade=Grade.THIRD_PARTY,
        says=_("They say that opens rose by half after the change; nothing was compared at the same time."),
    )
    remark = _(
        "That it worked for others is the 4 of the confidence rating: about one in three. Whoever rates higher knows "
        "something that is not linked here, and a comment is the place to say it."
    )
    return Example(idea, [told], remark)


def _backed_by_nothing() -> Example:
    idea = Idea(
        title=_("A front page of one’s own for each reader"),
        problem=_("Everybody meets the same front page, whatever they read before."),
        change=_("The app composes the front page from the subjects that each reader opens most."),
        lever=Lever.CONTENT,
        channel=Channel.IN_APP,
        lifecycle_stage=LifecycleStage.SUPPORT_AND_GROW,
        expected_audience=40_000,
    )
    remark = _(
        "With no evidence the anchors stop at 3 for the confidence rating, however much one hopes. A quarter’s work "
        "for several disciplines is the 1 on ease. A high impact beside two low scores is a fair ballot: it says that "
        "the idea is bold, dear and unproven."
    )
    return Example(idea, [], remark)
