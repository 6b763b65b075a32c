"""What the pods of the Larkmoor Courier have thought of so far."""

from dataclasses import dataclass, field

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

# The share of all readers that a change in each lifecycle stage would meet in a quarter.
REACH_OF_STAGE = {"reach": 0.5, "nurture": 0.9, "convert": 0.6, "support_and_grow": 0.3}


@dataclass(frozen=True, slots=True)
class Declined:
    """Why an idea was put aside, by whom, when."""

    by: str
    reason: str
    when: When


@dataclass(frozen=True, slots=True)
class IdeaText:
    """An idea; `leaning` is what the pods think of its impact, their confidence rating and its ease, on average.

    `customers`: the state of those it is for; empty for all. `disputed`
    names the scale on which the disciplines do not agree. `comments`: what a voter wrote on the ballot.
    """

    key: str
    title: str
    problem: str
    change: str
    author: str
    pod: str
    lever: str
    channel: str
    stage: str
    added: When
    customers: str = ""
    leaning: tuple[float, float, float] = (5, 5, 5)
    disputed: str = ""
    comments: dict[str, str] = field(default_factory=dict)
    declined: Declined | None = None


IDEAS = (
    # --- scored in the first round --------------------------------------------------------------------------------
    IdeaText(
        key="three-stories",
        title="Start new readers with three stories, not with settings",
        problem="Our first letter to a new reader explains the account: how to change the password, where to find the "
        "settings. Fewer than half of those who register come back in their second week, and in the eleven talks we "
        "held nobody remembered that letter.",
        change="The first letter, on the morning after registration, offers three local stories that are still good a "
        "month later, chosen by the desk that wrote them. The account matters shrink to one line at the end.",
        author="aoife",
        pod="welcome",
        lever="content",
        channel="email",
        stage="nurture",
        added=in_quarter(-13, WEDNESDAY, 10, 20),
        leaning=(7.4, 6.8, 8.0),
        comments={
            "ruth": "Second-week reading is the one number of ours that foretells the rest of the year.",
            "lucie": "We have the letter’s layout already. What is missing is somebody who picks the stories.",
        },
    ),
    IdeaText(
        key="ask-on-top",
        title="Put the ask for support above the first story",
        problem="The morning letter asks for support in its last paragraph. Most readers never get that far: by our "
        "logs two in three leave at the weather.",
        change="The ask moves above the first story, two sentences and one button, every morning for three weeks. The "
        "rest of the letter stays as it is.",
        author="samir",
        pod="daily-habit",
        lever="content",
        channel="email",
        stage="convert",
        customers="core",
        added=in_quarter(-13, FRIDAY, 15, 5),
        leaning=(6.6, 5.2, 9.0),
        disputed="impact",
        comments={
            "aoife": "People open this letter for the news. I fear we would teach them to close it.",
            "samir": "Nobody can answer a question they never see.",
        },
    ),
    IdeaText(
        key="reporter-asks",
        title="Let the reporter ask, or tell what the story cost",
        problem="The ask under our articles speaks of “quality journalism” and could stand under any paper’s. Readers "
        "who closed it told us that they did not know who was asking.",
        change="Two new ways to ask at the end of an article: one tells what this story cost to report, in hours and "
        "journeys; the other is a note from the reporter who wrote it, signed with the name.",
        author="priya",
        pod="supporters",
        lever="content",
        channel="in_app",
        stage="convert",
        customers="core",
        added=in_quarter(-12, TUESDAY, 11, 40),
        leaning=(7.8, 6.4, 6.2),
        comments={
            "benedikt": "Two texts an article means a field in the editing tool. Four days, I think.",
            "aoife": "I asked around: nine of eleven reporters would sign one.",
        },
    ),
    IdeaText(
        key="yearly-first",
        title="Offer the yearly amount first",
        problem="On the support page the monthly amount stands first, and seven in ten choose it. Many of those leave "
        "again within the year, and every single payment costs us a fee.",
        change="The yearly amount stands first and is chosen beforehand; the monthly one is a tap away. The amounts "
        "themselves stay as they are.",
        author="orla",
        pod="supporters",
        lever="content",
        channel="in_app",
        stage="convert",
        customers="power",
        added=in_quarter(-12, THURSDAY, 9, 30),
        leaning=(6.8, 5.6, 8.4),
        comments={"tomas": "Watch revenue, not the count: fewer people may choose a larger amount."},
    ),
    IdeaText(
        key="kind-receipt",
        title="Write a receipt that says thank you",
        problem="A new supporter gets a receipt from the payment company: a number, an amount, a link to terms. It is "
        "the first thing they hear from us after doing us a kindness.",
        change="Our own receipt in three sentences: thank you, what happens next, how to stop. The invoice is attached "
        "for those who need it.",
        author="elin",
        pod="supporters",
        lever="content",
        channel="email",
        stage="support_and_grow",
        added=in_quarter(-12, FRIDAY, 14, 15),
        leaning=(5.2, 5.8, 6.6),
    ),
    IdeaText(
        key="noon-letter",
        title="Send late risers the letter at noon",
        problem="A quarter of our readers open nothing before noon, and by then the morning letter lies under thirty "
        "others.",
        change="Readers who have not opened a morning letter for a month, but do read around lunch, get the same "
        "letter at ten past twelve.",
        author="ruth",
        pod="daily-habit",
        lever="timing",
        channel="email",
        stage="nurture",
        customers="casual",
        added=in_quarter(-11, TUESDAY, 16, 50),
        leaning=(5.6, 5.0, 6.8),
    ),
    IdeaText(
        key="quiz-gate",
        title="Ask three quiz questions before the article opens",
        problem="Visitors who come from a search read one article and leave without our ever learning what they care "
        "about.",
        change="Three light questions about the region stand before the article; the answers suggest what to read "
        "next.",
        author="samir",
        pod="welcome",
        lever="process",
        channel="in_app",
        stage="reach",
        added=in_quarter(-11, WEDNESDAY, 13, 0),
        leaning=(3.2, 2.8, 4.4),
        comments={"elin": "I would leave."},
        declined=Declined(
            "elin",
            "It puts a hurdle before people who came to read, and nobody in the round saw how it would help them.",
            in_quarter(-8, MONDAY, 10, 0),
        ),
    ),
    IdeaText(
        key="corrections",
        title="Show a correction to those who read the mistake",
        problem="We correct mistakes at the foot of the article. Those who read the wrong figure never see it, and "
        "twice this year a reader learnt of it from another paper.",
        change="Whoever read an article before its correction sees one line about it at the next visit, once, with a "
        "link to the paragraph.",
        author="aoife",
        pod="daily-habit",
        lever="process",
        channel="in_app",
        stage="nurture",
        added=in_quarter(-11, FRIDAY, 9, 45),
        leaning=(4.6, 5.4, 4.2),
        disputed="impact",
        comments={"kofi": "Easy to say, less easy to build: we keep no record of which paragraph was on screen."},
    ),
    # --- scored in the second round -------------------------------------------------------------------------------
    IdeaText(
        key="where-you-stopped",
        title="Remind readers in the evening of the story they left half read",
        problem="Two in five long stories are left before the middle, most of them on a phone in the morning. Readers "
        "tell us that they meant to come back, and forgot.",
        change="At eight in the evening, one push with the story left half read that day, opening where the reader "
        "stopped. None on days without such a story, never two.",
        author="kofi",
        pod="daily-habit",
        lever="timing",
        channel="push",
        stage="nurture",
        customers="casual",
        added=in_quarter(-7, TUESDAY, 17, 10),
        leaning=(7.2, 6.2, 5.6),
        comments={
            "lucie": "The mark where they stopped must be gentle: a line in the margin, no jump.",
            "ruth": "A reminder of something I chose myself is not advertising. I would want it.",
        },
    ),
    IdeaText(
        key="neighbours",
        title="Say how many neighbours support the paper",
        problem="People believe that hardly anybody pays for a local paper. When we asked, the middle guess was one "
        "reader in fifty; it is nearer to one in six.",
        change="The monthly letter to free readers says how many people in their own town support the paper, with the "
        "town’s name in the first line.",
        author="mina",
        pod="supporters",
        lever="content",
        channel="email",
        stage="convert",
        customers="core",
        added=in_quarter(-6, MONDAY, 11, 25),
        leaning=(6.8, 6.0, 7.4),
        comments={"tomas": "It works for hotel towels. I am less sure about newspapers."},
    ),
    IdeaText(
        key="follow-council",
        title="Let readers follow their own council",
        problem="New readers see the same front page whether they live by the water or in the hills. The question we "
        "hear most at fairs is where to find the news of one’s own council.",
        change="On the second visit a card asks for the reader’s council and puts its latest story on top from then "
        "on. One tap, no form.",
        author="lucie",
        pod="welcome",
        lever="content",
        channel="in_app",
        stage="nurture",
        added=in_quarter(-5, THURSDAY, 14, 30),
        leaning=(7.0, 5.8, 5.2),
    ),
    IdeaText(
        key="newsroom-evening",
        title="Invite readers to a newsroom evening before any ask",
        problem="Our first message to a faithful free reader is a request for money. Those who have met us support us "
        "far more often: after the two open evenings last year one guest in five did so unasked.",
        change="Faithful free readers get an invitation to an open evening in the newsroom, with a stream for those "
        "who cannot come. The ask for support follows a week later and refers to it.",
        author="aoife",
        pod="supporters",
        lever="process",
        channel="email",
        stage="convert",
        added=in_quarter(-4, WEDNESDAY, 10, 0),
        leaning=(7.4, 5.6, 3.8),
        disputed="ease",
        comments={
            "orla": "The room holds ninety. The stream must be as warm as the room, or it does harm.",
            "priya": "One letter and a page; the evening itself is there already.",
        },
    ),
    IdeaText(
        key="saturday-crossword",
        title="Put the crossword at the top of the Saturday letter",
        problem="The Saturday letter is opened by fewer people than any other, although its readers stay longest. The "
        "crossword, which has its own faithful circle, hides four taps deep in the site.",
        change="The Saturday letter opens with the crossword and one long read. The week in brief moves below.",
        author="samir",
        pod="daily-habit",
        lever="content",
        channel="email",
        stage="nurture",
        customers="power",
        added=in_quarter(-3, FRIDAY, 11, 50),
        leaning=(6.0, 6.0, 8.2),
    ),
    IdeaText(
        key="pause-letters",
        title="Offer a pause before goodbye",
        problem="Whoever wants fewer letters can only leave all of them. Half of those who leave say that they were "
        "away or busy, and hardly any come back by themselves.",
        change="The page behind the unsubscribe link also offers a pause of four weeks. Leaving stays one click, in "
        "the same size and place.",
        author="lucie",
        pod="daily-habit",
        lever="process",
        channel="email",
        stage="support_and_grow",
        customers="low",
        added=in_quarter(-2, TUESDAY, 15, 40),
        leaning=(6.4, 6.6, 7.0),
        comments={"mina": "Only if leaving stays as easy as it is. Then yes, gladly."},
    ),
    IdeaText(
        key="read-aloud",
        title="Read the morning letter aloud",
        problem="Readers who drive to work tell us that they would rather listen. So far our own voices are heard on "
        "two evenings a week.",
        change="A spoken morning letter of five minutes, read by somebody from the newsroom, at the top of the app "
        "from six to nine.",
        author="kofi",
        pod="daily-habit",
        lever="channel",
        channel="in_app",
        stage="nurture",
        added=in_quarter(-2, THURSDAY, 12, 35),
        leaning=(6.2, 4.6, 2.8),
    ),
    IdeaText(
        key="household",
        title="Let a supporter bring the household",
        problem="In three of ten supporters’ homes somebody else reads us too: without an account of their own, or "
        "with the supporter’s.",
        change="Supporters may invite two people they live with, who then read as supporters do. One letter tells of "
        "it.",
        author="tomas",
        pod="supporters",
        lever="audience",
        channel="email",
        stage="support_and_grow",
        added=in_quarter(-1, MONDAY, 9, 15),
        leaning=(5.4, 5.2, 4.8),
    ),
    IdeaText(
        key="red-counter",
        title="Count down the free articles in red",
        problem="Readers are surprised by the wall after the fifth article of a month, and close the page.",
        change="A red number at the top tells how many free articles are left, from the first article on.",
        author="benedikt",
        pod="supporters",
        lever="content",
        channel="in_app",
        stage="convert",
        added=in_quarter(-1, WEDNESDAY, 16, 0),
        leaning=(4.0, 3.6, 8.6),
        comments={"priya": "Red is for what is broken. Nothing is broken when somebody reads us."},
        declined=Declined(
            "orla",
            "A red counter frightens people who have done nothing wrong. The surprise is worth solving, more kindly.",
            in_quarter(3, TUESDAY, 11, 0),
        ),
    ),
    # --- being scored now -----------------------------------------------------------------------------------------
    IdeaText(
        key="first-month-story",
        title="Write to supporters about a story their first month paid for",
        problem="After the receipt a supporter hears nothing of their own from us until the renewal. A third of those "
        "who leave do so at that moment, and say that they had forgotten why they joined.",
        change="At the end of the first month, one letter from the reporter of a story of that month, telling how it "
        "came about. No ask, no button.",
        author="priya",
        pod="supporters",
        lever="content",
        channel="email",
        stage="support_and_grow",
        added=in_quarter(7, TUESDAY, 10, 30),
        leaning=(6.8, 6.0, 7.2),
        comments={"aoife": "I have three stories in mind, and the people who would gladly write."},
    ),
    IdeaText(
        key="own-amount",
        title="Let readers name their own amount",
        problem="We offer three amounts. One supporter in nine writes to ask for another, some for less, some for "
        "more, and we change it by hand.",
        change="A fourth choice, “another amount”, from two euros a month, with our three as a guide.",
        author="tomas",
        pod="supporters",
        lever="content",
        channel="in_app",
        stage="convert",
        added=in_quarter(9, MONDAY, 14, 5),
        leaning=(6.4, 5.4, 6.0),
        disputed="impact",
        comments={"samir": "Give people a small number to choose and they will choose it."},
    ),
    IdeaText(
        key="quiet-month",
        title="Leave new supporters in peace for a month",
        problem="For some days after joining, supporters still meet the same asks as everybody else, because accounts "
        "and payments are matched once a week only. It reads as if we had not noticed.",
        change="Whoever has joined sees no ask on any channel for thirty days, from the same minute on.",
        author="mina",
        pod="supporters",
        lever="timing",
        channel="in_app",
        stage="support_and_grow",
        customers="power",
        added=in_quarter(10, THURSDAY, 16, 20),
        leaning=(5.6, 7.0, 5.4),
    ),
    IdeaText(
        key="market-stall",
        title="Bring the support page to the Saturday market",
        problem="Many who know the paper best never see the support page: they buy us at the kiosk, or read us at the "
        "café.",
        change="A stall at the Saturday market in three towns, and a code on the back of the day’s front page that "
        "opens the support page with the town filled in.",
        author="aoife",
        pod="supporters",
        lever="channel",
        channel="",
        stage="reach",
        added=recently(-3, TUESDAY, 9, 10),
        leaning=(5.8, 4.4, 3.4),
    ),
    IdeaText(
        key="open-archive",
        title="Open the archive for the paper’s birthday",
        problem="The archive holds a hundred and forty years of the region and is read by hardly anybody but us. "
        "Former readers write to us about it more than about anything else.",
        change="For one week the archive is open to all. Former readers get a letter with the front page of a year "
        "they choose.",
        author="elin",
        pod="supporters",
        lever="content",
        channel="email",
        stage="reach",
        added=recently(-3, FRIDAY, 11, 15),
        leaning=(6.0, 4.8, 5.0),
    ),
    IdeaText(
        key="student-price",
        title="Halve the price for students, without proof",
        problem="Readers under twenty-five read as much as others and support us a fifth as often. A student price "
        "exists, but it asks for papers to be uploaded, and most give up there.",
        change="Students say that they are students, and pay half. We check nothing, and say so.",
        author="samir",
        pod="supporters",
        lever="audience",
        channel="email",
        stage="convert",
        added=recently(-2, MONDAY, 15, 30),
        leaning=(5.4, 5.6, 8.8),
    ),
    IdeaText(
        key="card-expiry",
        title="Write before the card expires, not after",
        problem="Every month some supporters drop out because a card has expired. We write once the payment has "
        "failed, and by then half of them take it for an ending.",
        change="Ten days before the card’s last month is over, one plain letter with a single link to renew it.",
        author="benedikt",
        pod="supporters",
        lever="process",
        channel="email",
        stage="support_and_grow",
        added=recently(-2, WEDNESDAY, 10, 45),
        leaning=(7.2, 7.6, 7.8),
    ),
    # --- not scored yet -------------------------------------------------------------------------------------------
    IdeaText(
        key="map-of-the-week",
        title="Draw the week on a map",
        problem="New readers do not know our desks and sections, but they do know their streets.",
        change="On Sundays, one map of the region with the ten stories of the week where they happened.",
        author="lucie",
        pod="welcome",
        lever="content",
        channel="in_app",
        stage="nurture",
        added=in_quarter(3, THURSDAY, 13, 20),
    ),
    IdeaText(
        key="answer-a-letter",
        title="Answer one reader’s letter in public each week",
        problem="We get some forty letters a week and print six. The other writers hear a line of thanks from a "
        "machine.",
        change="Every Wednesday the morning letter answers one of them at length, by the reporter it is about.",
        author="aoife",
        pod="daily-habit",
        lever="content",
        channel="email",
        stage="nurture",
        added=in_quarter(4, FRIDAY, 17, 0),
    ),
    IdeaText(
        key="school-run",
        title="Send the roadworks before the school run",
        problem="Roadworks are what parents read first in the morning, and ours appear at nine, when the school run is "
        "over.",
        change="On school days, one push at seven with the roads closed that day, for readers who asked for it.",
        author="kofi",
        pod="daily-habit",
        lever="timing",
        channel="push",
        stage="nurture",
        added=in_quarter(6, WEDNESDAY, 8, 40),
    ),
    IdeaText(
        key="gift-month",
        title="Let supporters give a month away",
        problem="Supporters often write that they would like to pass us on, and all we can offer is a link to the "
        "price.",
        change="Each supporter may give one month to one person a year, with a line of their own.",
        author="mina",
        pod="supporters",
        lever="audience",
        channel="email",
        stage="reach",
        added=in_quarter(8, THURSDAY, 14, 50),
    ),
    IdeaText(
        key="register-later",
        title="Ask for registration after the third article",
        problem="We ask every visitor to register at the very first article. Nine in ten close the page, before they "
        "could know whether they like us.",
        change="The first two articles of a month open freely. The question comes with the third, and names both.",
        author="elin",
        pod="welcome",
        lever="timing",
        channel="in_app",
        stage="reach",
        added=recently(-1, MONDAY, 11, 5),
    ),
    IdeaText(
        key="quiet-evening",
        title="Let readers choose an hour after which no push arrives",
        problem="Most readers who switch push off do it between ten at night and midnight, and they switch off all of "
        "it.",
        change="One slider in the app: no push after this hour. What was held back arrives with the morning’s first.",
        author="ruth",
        pod="daily-habit",
        lever="process",
        channel="push",
        stage="support_and_grow",
        added=recently(-1, THURSDAY, 15, 15),
    ),
    IdeaText(
        key="sunday-subject",
        title="Say in the subject line what is in the Sunday letter",
        problem="The Sunday letter has been called “The Courier on Sunday” since it began. Whoever does not open it "
        "cannot know what they miss.",
        change="Four subject lines run against each other, and each Sunday more of the new readers get the one whose "
        "readers went on to a story.",
        author="samir",
        pod="daily-habit",
        lever="content",
        channel="email",
        stage="nurture",
        added=recently(-13, TUESDAY, 9, 30),
    ),
    IdeaText(
        key="film-by-itself",
        title="Start the evening film by itself",
        problem="The evening film is watched by few, although it is the costliest thing we make.",
        change="The film starts by itself, with sound, at the top of the page from seven in the evening.",
        author="benedikt",
        pod="welcome",
        lever="channel",
        channel="in_app",
        stage="reach",
        added=in_quarter(5, MONDAY, 9, 25),
        declined=Declined(
            "elin",
            "Sound that starts by itself is what readers complain about most. We will find the film a better place.",
            in_quarter(6, TUESDAY, 10, 10),
        ),
    ),
)
