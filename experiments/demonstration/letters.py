"""The Courier's bandit: four subject lines of the Sunday letter, and how often readers open the story behind each."""

from experiments.demonstration.calendar import FRIDAY, SUNDAY, When, recently
from experiments.demonstration.programme import MetricText

NAME = "Subject line of the Sunday letter"
SLUG = "sunday-subject"  # of the experiment and of its idea
PLANNED_BY, LAUNCHED_BY = "samir", "aoife"
PLANNED = recently(-11, FRIDAY, 14, 20)
STARTS, ENDS = recently(-9, SUNDAY), recently(3, SUNDAY)
SENT_AT, SHARES_SET_AT = (7, 0), (6, 0)  # hour and minute of a Sunday
HYPOTHESIS = {
    "because": "one reader in six opens a story from the Sunday letter, whose subject line has been the date for years",
    "we_believe": "a subject line that says what is inside",
    "audience": "readers who get the Sunday letter for the first time",
    "will_move": "the share who read a story from it within a day",
    "by": "2 pp",
    "within": "twelve letters",
}
READ = MetricText("read_sunday_story", "proportion", "letter_read", window_days=1)
VARIANTS = (  # key, name, subject line, how often its readers read on
    ("date", "Date and top story", "The Courier on Sunday", 0.185),
    ("question", "A question", "Who still swims at the old mill?", 0.2),
    ("first-line", "The writer’s first line", "“My grandmother kept bees until she was ninety-one”", 0.23),
    ("one-word", "One word", "Bees", 0.18),
)
BODY = "Good morning,\n\nthree stories for a slow day, and the crossword.\n\nThe newsroom"
A_LETTER = 0.05  # of all readers get their first Sunday letter with each
LAST_WEEK = -1


def weeks() -> range:
    """The letters that have gone out, as weeks from this one."""
    return range(STARTS.week, LAST_WEEK + 1)


def sunday(week: int, at: tuple[int, int]) -> When:
    return recently(week, SUNDAY, *at)
