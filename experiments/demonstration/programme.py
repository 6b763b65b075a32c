"""The experiments of the Larkmoor Courier: their plans, what each variant does to readers, what was concluded."""

from dataclasses import dataclass

from experiments.demonstration.calendar import (
    FRIDAY,
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    When,
    in_quarter,
    recently,
)
from experiments.demonstration.simulate import Reaction


@dataclass(frozen=True, slots=True)
class MetricText:
    """A metric of a plan: `event` counted or summed in the days [after_days, window_days) from the exposure."""

    key: str
    kind: str
    event: str
    direction: str = "up"
    unit: str = ""
    after_days: int = 0
    window_days: int = 14


READ_IN_WEEK_2 = MetricText("read_in_week_2", "proportion", "session", after_days=7)
NEW_SUPPORTER = MetricText("new_supporter", "proportion", "support")
REVENUE = MetricText("revenue", "mean", "payment", unit="EUR")
UNSUBSCRIBED = MetricText("unsubscribed", "proportion", "unsubscribe", direction="down")


@dataclass(frozen=True, slots=True)
class VariantText:
    """A variant, how readers react to it, and its message, if there is one."""

    key: str
    name: str
    reaction: Reaction
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What was decided, and learned, where the readout said `verdict`; where it did not, see `SURPRISES`."""

    verdict: str
    kind: str
    by: str
    when: When
    reason: str
    learning: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class ExperimentText:
    """One experiment. Nobody has launched a draft; a running one has not `ended`; one that waits has no conclusion.

    `reach`: the share of the readers it is meant for who are in its audience. The first variant is control, the first
    metric primary. `read_on`: the morning the readout was made; without it the newest there can be.
    """

    slug: str
    name: str
    idea: str
    channel: str
    because: str
    we_believe: str
    audience: str
    will_move: str
    by: str
    within: str
    planned_by: str
    planned: When
    starts: When
    ends: When
    variants: tuple[VariantText, ...]
    metrics: tuple[MetricText, ...]
    subgroups: tuple[str, ...] = ()
    reach: float = 1.0
    shares: tuple[float, ...] = (0.5, 0.5)
    launched_by: str = ""
    ended: When | None = None
    read_on: When | None = None
    conclusion: Conclusion | None = None


EXPERIMENTS = (
    ExperimentText(
        slug="three-stories",
        name="Three stories instead of settings",
        idea="three-stories",
        channel="email",
        because="fewer than half of new readers come back in their second week, and none remembers our first letter",
        we_believe="a first letter with three local stories in place of the account’s settings",
        audience="free readers who get our letters",
        will_move="the share who read us in their second week",
        by="4 pp",
        within="28 days",
        planned_by="aoife",
        planned=in_quarter(-7, THURSDAY, 11),
        starts=in_quarter(-6, TUESDAY),
        ends=in_quarter(-2, TUESDAY),
        variants=(
            VariantText(
                "settings",
                "Settings letter",
                Reaction(leaving=0.004),
                "Your account at the Larkmoor Courier",
                "Good morning,\n\nyour account is ready. You can change your password and choose your letters in the "
                "settings. We are glad to have you.\n\nThe Larkmoor Courier",
            ),
            VariantText(
                "stories",
                "Three stories",
                Reaction(reading=1.3, leaving=0.004),
                "Three stories to begin with",
                "Good morning,\n\nhere are three stories we are still fond of: the ferryman who will not retire, the "
                "school that voted its headmistress back, and what became of the old mill.\n\nRead one with your "
                "coffee.\n\nThe newsroom",
            ),
        ),
        metrics=(READ_IN_WEEK_2, NEW_SUPPORTER, UNSUBSCRIBED),
        reach=0.85,
        launched_by="samir",
        ended=in_quarter(-2, TUESDAY),
        read_on=in_quarter(1, WEDNESDAY),
        conclusion=Conclusion(
            "better",
            "ship",
            "ruth",
            in_quarter(1, THURSDAY, 10, 30),
            "More of those who got the stories came back in their second week, and no more of them left. The desks "
            "have agreed to renew the three stories every month.",
            "New readers come back for stories from their own region, not for settings: greet them with something to "
            "read.",
            "stories",
        ),
    ),
    ExperimentText(
        slug="ask-on-top",
        name="The ask above the first story",
        idea="ask-on-top",
        channel="email",
        because="two in three readers leave the morning letter before they reach the ask",
        we_believe="an ask above the first story",
        audience="free readers who get the morning letter",
        will_move="the share who unsubscribe, and we accept no rise",
        by="0 pp",
        within="21 days",
        planned_by="samir",
        planned=in_quarter(-4, WEDNESDAY, 14, 30),
        starts=in_quarter(-3, TUESDAY),
        ends=in_quarter(0, TUESDAY),
        variants=(
            VariantText(
                "at-the-end",
                "Ask at the end",
                Reaction(supporting=0.006, leaving=0.006),
                "Good morning from Larkmoor",
                "The news of the day, the weather, and at the end a word from us: if you can, support the Courier.",
            ),
            VariantText(
                "on-top",
                "Ask on top",
                Reaction(supporting=0.008, leaving=0.023),
                "Good morning from Larkmoor",
                "Before we begin: the Courier needs people who pay for it. If you can, support us.\n\nThe news of the "
                "day, the weather, and what is on tonight.",
            ),
        ),
        metrics=(UNSUBSCRIBED, NEW_SUPPORTER, READ_IN_WEEK_2),
        reach=0.85,
        launched_by="elin",
        ended=in_quarter(0, TUESDAY),
        read_on=in_quarter(2, WEDNESDAY),
        conclusion=Conclusion(
            "worse",
            "keep_control",
            "tomas",
            in_quarter(2, THURSDAY, 15, 0),
            "More readers left the letter. A letter that people close for good can ask nobody for anything any more.",
            "An ask before the news costs us readers of the letter: say first what happened, and ask afterwards.",
        ),
    ),
    ExperimentText(
        slug="who-asks",
        name="Who asks for support at the end of an article",
        idea="reporter-asks",
        channel="in_app",
        because="readers who closed the ask told us that they did not know who was asking",
        we_believe="an ask that says what this story cost, or a note signed by its reporter",
        audience="free readers who finish an article",
        will_move="the share who become supporters within 14 days",
        by="1 pp",
        within="28 days",
        planned_by="priya",
        planned=in_quarter(-1, WEDNESDAY, 10, 15),
        starts=in_quarter(0, TUESDAY),
        ends=in_quarter(4, TUESDAY),
        variants=(
            VariantText(
                "today",
                "Today’s ask",
                Reaction(supporting=0.020),
                "Support quality journalism",
                "Journalism like this needs your support. Become a supporter today.",
            ),
            VariantText(
                "what-it-cost",
                "What the story cost",
                Reaction(supporting=0.023),
                "This story took eleven days",
                "Two reporters, eleven days, four hundred kilometres on country roads. Readers like you paid for it. "
                "Would you join them?",
            ),
            VariantText(
                "reporter",
                "A note from the reporter",
                Reaction(supporting=0.041),
                "I wrote this story",
                "I have covered this town for nine years and would like to go on. If my work is worth something to "
                "you, please support it.\n\nThe reporter of this story",
            ),
        ),
        metrics=(NEW_SUPPORTER, REVENUE, READ_IN_WEEK_2),
        shares=(0.34, 0.33, 0.33),
        launched_by="benedikt",
        ended=in_quarter(4, TUESDAY),
        read_on=in_quarter(6, WEDNESDAY),
        conclusion=Conclusion(
            "better",
            "ship",
            "tomas",
            in_quarter(6, THURSDAY, 11, 45),
            "The reporter’s note made more readers become supporters than today’s ask. What the story cost made no "
            "difference that we could see.",
            "People support a person, not a principle: a note signed by the reporter moves more readers than any "
            "account of costs.",
            "reporter",
        ),
    ),
    ExperimentText(
        slug="yearly-first",
        name="The yearly amount first",
        idea="yearly-first",
        channel="in_app",
        because="seven in ten choose the monthly amount, which stands first, and many leave within the year",
        we_believe="the yearly amount standing first, chosen beforehand",
        audience="free readers who meet the support page",
        will_move="revenue per reader within 14 days",
        by="10%",
        within="28 days",
        planned_by="orla",
        planned=in_quarter(1, FRIDAY, 13, 20),
        starts=in_quarter(2, TUESDAY),
        ends=in_quarter(6, TUESDAY),
        variants=(
            VariantText("monthly", "Monthly first", Reaction(supporting=0.026)),
            VariantText("yearly", "Yearly first", Reaction(supporting=0.022, amount=1.18)),
        ),
        metrics=(REVENUE, NEW_SUPPORTER, READ_IN_WEEK_2),
        reach=0.9,
        launched_by="benedikt",
        ended=in_quarter(6, TUESDAY),
        read_on=in_quarter(8, WEDNESDAY),
        conclusion=Conclusion(
            "no clear difference",
            "keep_control",
            "mina",
            in_quarter(8, THURSDAY, 9, 50),
            "Revenue per reader may be a little lower or a little higher. We keep what is simpler to explain, the "
            "monthly amount first.",
            "Which amount stands first does not visibly move revenue: those who want to support us find their amount.",
        ),
    ),
    ExperimentText(
        slug="where-you-stopped",
        name="In the evening, the story left half read",
        idea="where-you-stopped",
        channel="push",
        because="two in five long stories are left before the middle, and readers say that they forgot to come back",
        we_believe="one push at eight in the evening that opens the story where the reader stopped",
        audience="free readers with push switched on",
        will_move="the share who read us in the second week after it",
        by="4 pp",
        within="28 days",
        planned_by="kofi",
        planned=in_quarter(4, THURSDAY, 16, 10),
        starts=in_quarter(5, TUESDAY),
        ends=in_quarter(9, TUESDAY),
        variants=(
            VariantText("nothing", "No push", Reaction()),
            VariantText(
                "reminder",
                "Story left half read",
                Reaction(reading=1.32),
                "You stopped at the bridge",
                "Six minutes are left of the story you began this morning.",
            ),
        ),
        metrics=(READ_IN_WEEK_2, NEW_SUPPORTER, UNSUBSCRIBED),
        reach=0.8,
        launched_by="kofi",
        ended=in_quarter(9, TUESDAY),
        read_on=in_quarter(11, WEDNESDAY),
        conclusion=Conclusion(
            "better",
            "ship",
            "ruth",
            in_quarter(11, THURSDAY, 14, 5),
            "Readers who were reminded read more in the second week after it, and did not leave our letters more "
            "often.",
            "A reminder of something the reader chose is welcome: the story left half read brings people back in "
            "the evening.",
            "reminder",
        ),
    ),
    ExperimentText(
        slug="neighbours",
        name="How many neighbours support us",
        idea="neighbours",
        channel="email",
        because="readers think that hardly anybody pays for a local paper",
        we_believe="a first line that says how many people of their own town support it",
        audience="free readers who get the monthly letter",
        will_move="the share who become supporters within 14 days",
        by="1 pp",
        within="28 days",
        planned_by="mina",
        planned=recently(-10, FRIDAY, 10, 40),
        starts=recently(-9, TUESDAY),
        ends=recently(-5, TUESDAY),
        variants=(
            VariantText(
                "plain",
                "Plain letter",
                Reaction(supporting=0.014, leaving=0.004),
                "Larkmoor this month",
                "What we found out this month, and how you can help us to go on.",
            ),
            VariantText(
                "neighbours",
                "With the neighbours",
                Reaction(supporting=0.015, leaving=0.004),
                "Your neighbours and the Courier",
                "One in six of our readers in your town supports the Courier. Here is what we found out this month "
                "because of them, and how you can help.",
            ),
        ),
        metrics=(NEW_SUPPORTER, REVENUE, UNSUBSCRIBED),
        launched_by="mina",
        ended=recently(-5, TUESDAY),
        read_on=recently(-3, WEDNESDAY),
        conclusion=Conclusion(
            "no clear difference",
            "iterate",
            "tomas",
            recently(-3, THURSDAY, 10, 20),
            "We cannot tell the two letters apart. Readers told us that a number of neighbours is not yet a neighbour: "
            "we would like to ask again with names of people who agree to it.",
            "Knowing how many neighbours pay does not visibly make readers pay: a bare number persuades nobody.",
        ),
    ),
    ExperimentText(
        slug="follow-council",
        name="Follow your own council",
        idea="follow-council",
        channel="in_app",
        because="new readers ask us first where to find the news of their own council",
        we_believe="a card on the second visit that asks for their council, with one tap",
        audience="free readers in the app",
        will_move="the share who read us in their second week",
        by="3 pp",
        within="28 days",
        planned_by="lucie",
        planned=recently(-7, WEDNESDAY, 15, 30),
        starts=recently(-6, TUESDAY),
        ends=recently(-2, TUESDAY),
        variants=(
            VariantText("front-page", "Same front page", Reaction()),
            VariantText(
                "council",
                "Card with councils",
                Reaction(reading=1.1, unrecorded=0.45),
                "Which council is yours?",
                "Choose one, and its newest story will be on top when you come.",
            ),
        ),
        metrics=(READ_IN_WEEK_2, NEW_SUPPORTER),
        reach=0.85,
        launched_by="elin",
        ended=recently(-4, MONDAY, 10),
        read_on=recently(-2, TUESDAY),
        conclusion=Conclusion(
            "invalid",
            "stop",
            "ruth",
            recently(-2, THURSDAY, 16, 30),
            "The card counted as met only once it had been scrolled into view, so that almost half of its readers "
            "are missing. Nothing can be said about the card itself; we mend the counting and start afresh.",
            "Count a reader as soon as the variants could differ, not when the card is seen: else the two sides no "
            "longer compare.",
        ),
    ),
    ExperimentText(
        slug="newsroom-evening",
        name="An evening in the newsroom before any ask",
        idea="newsroom-evening",
        channel="email",
        because="one guest in five of our open evenings became a supporter unasked",
        we_believe="an invitation to the newsroom a week before the ask",
        audience="faithful free readers who get our letters",
        will_move="the share who become supporters within 14 days",
        by="1 pp",
        within="21 days",
        planned_by="aoife",
        planned=recently(-7, FRIDAY, 9, 40),
        starts=recently(-6, TUESDAY),
        ends=recently(-3, TUESDAY),
        variants=(
            VariantText(
                "ask",
                "Ask at once",
                Reaction(supporting=0.014, leaving=0.006),
                "Will you support the Courier?",
                "You read us often, and we are glad of it. If you can, become a supporter.",
            ),
            VariantText(
                "evening",
                "Invitation first",
                Reaction(supporting=0.027, leaving=0.003, reading=1.08),
                "Come and see us at work",
                "On Thursday at seven the newsroom is open to you. Come by, or watch from home: we will show how "
                "tomorrow’s paper is made, and answer what you ask.",
            ),
        ),
        metrics=(NEW_SUPPORTER, REVENUE, UNSUBSCRIBED, READ_IN_WEEK_2),
        subgroups=("state",),
        launched_by="benedikt",
        ended=recently(-3, TUESDAY),
    ),
    ExperimentText(
        slug="saturday-crossword",
        name="The crossword on top of the Saturday letter",
        idea="saturday-crossword",
        channel="email",
        because="the Saturday letter has few readers, and the crossword a faithful circle that never meets it",
        we_believe="the crossword and one long read at the top of the letter",
        audience="free readers who get our letters",
        will_move="the share who read us in the second week after it",
        by="3 pp",
        within="35 days",
        planned_by="samir",
        planned=recently(-4, FRIDAY, 11, 10),
        starts=recently(-3, TUESDAY),
        ends=recently(2, TUESDAY),
        variants=(
            VariantText(
                "brief",
                "The week in brief",
                Reaction(leaving=0.004),
                "Your Saturday",
                "The week in brief, the weather, and one long read for a slow morning.",
            ),
            VariantText(
                "crossword",
                "Crossword on top",
                Reaction(reading=1.15, leaving=0.004),
                "Seven across: it begins with a river",
                "Today’s crossword, one long read, and then the week in brief.",
            ),
        ),
        metrics=(READ_IN_WEEK_2, UNSUBSCRIBED),
        launched_by="samir",
    ),
    ExperimentText(
        slug="pause-letters",
        name="A pause before goodbye",
        idea="pause-letters",
        channel="email",
        because="half of those who leave our letters say that they were away or busy",
        we_believe="a pause of four weeks, offered beside the way out",
        audience="readers who follow the unsubscribe link",
        will_move="the share who unsubscribe within 14 days",
        by="20%",
        within="28 days",
        planned_by="mina",
        planned=recently(-1, WEDNESDAY, 12, 15),
        starts=recently(3, TUESDAY),
        ends=recently(7, TUESDAY),
        variants=(
            VariantText(
                "goodbye",
                "Goodbye only",
                Reaction(),
                "Goodbye",
                "You will get no more letters from us. Thank you for having read them.",
            ),
            VariantText(
                "pause",
                "Pause or goodbye",
                Reaction(),
                "A pause, or goodbye",
                "We can be silent for four weeks, or for good. One click is enough for either.",
            ),
        ),
        metrics=(UNSUBSCRIBED, READ_IN_WEEK_2),
    ),
)


@dataclass(frozen=True, slots=True)
class Surprise:
    """What was decided where another verdict came out than the one the conclusion was written for."""

    kind: str
    reason: str
    learning: str


TOO_FEW = "With so few readers the interval leaves room for a rise and for a fall, and we decide nothing on that."
SURPRISES = {
    "better": Surprise(
        "iterate",
        "The interval lies on the good side, which nobody had expected. We ask again before we build on it.",
        "A surprise on the good side deserves a second experiment before anybody builds on it.",
    ),
    "worse": Surprise(
        "keep_control",
        "The interval lies on the bad side, which nobody had expected. We keep what we have and look for the cause.",
        "A surprise on the bad side deserves a look at the cause: we keep what we have until we know it.",
    ),
    "no clear difference": Surprise(
        "iterate", TOO_FEW, "This question needs more readers than it got: ask it again of a larger audience."
    ),
    "not enough data yet": Surprise(
        "stop", TOO_FEW, "This question needs more readers than it got: ask it again of a larger audience."
    ),
    "invalid": Surprise(
        "stop",
        "The counts do not fit the planned shares, so that nothing can be said about the variants.",
        "Check how exposures are counted before the first reader is met: afterwards it is too late.",
    ),
}
