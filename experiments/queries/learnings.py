"""What was learned: found by its words, narrowed by what it was learned about."""

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from backlog.similarity import SHORTEST_WORD, telling_words
from engagement.customers.states import CustomerState
from experiments.models import Learning, LearningState, LearningWords, Metric, Variant
from experiments.search_words import asked_words, folded

CONFIG = "simple"  # no language's endings: a workspace may write in several
ENDING, NEAREST = 2, 3
SHOWN_WITH = ("pod", "idea", "decision__variant", "retro")


def learned(
    *, text: str = "", metric: str = "", state: str = "", channel: str = "", lever: str = "", stage: str = ""
) -> QuerySet[Learning]:
    """The learnings that hold every word of `text`, by its beginning: the nearest first, the newest without a text.

    state: a customer state that the audience was limited to, or that of the idea. channel: of a message, or of the
    idea. Empty filters filter nothing.
    """
    found = _about(metric=metric, state=state, channel=channel, lever=lever, stage=stage)
    words, newest = asked_words(text), ("-experiment__decision__decided_at", "-experiment")
    if not words:
        return found.none() if text.strip() else found.order_by(*newest)
    if connection.vendor == "sqlite":
        asked = " AND ".join(f'"{word}" *' for word in words)
        return found.filter(words__matched__match=asked).order_by("words__rank", *newest)
    query = SearchQuery(" & ".join(f"'{word}':*" for word in words), config=CONFIG, search_type="raw")
    ranked = found.filter(search=query).annotate(rank=SearchRank(F("search"), query))
    return ranked.order_by("-rank", *newest)


def _about(*, metric: str, state: str, channel: str, lever: str, stage: str) -> QuerySet[Learning]:
    found = Learning.objects.defer("search")
    if metric:
        found = found.filter(Exists(Metric.objects.filter(experiment=OuterRef("pk"), key=metric)))
    if state:
        limited = Exists(LearningState.objects.filter(learning=OuterRef("pk"), state=state))
        found = found.filter(limited | Q(experiment__idea__customer_state=state))
    if channel:
        said = Exists(Variant.objects.filter(experiment=OuterRef("pk"), message__contents__has_key=channel))
        found = found.filter(said | Q(experiment__idea__channel=channel))
    if lever:
        found = found.filter(experiment__idea__lever=lever)
    if stage:
        found = found.filter(experiment__idea__lifecycle_stage=stage)
    return found


def nearest(title: str, *, problem: str = "") -> list[Learning]:
    """The learnings nearest to these words, the nearest first; at most `NEAREST`.

    Words are compared without their last two letters, which in many languages are an ending. One counts double in the
    sentence of the learning; those that share less than a third of the words are not near.
    """
    words = telling_words(folded(f"{title} {problem}"))
    if not words:
        return []
    beginnings = [word[: max(SHORTEST_WORD, len(word) - ENDING)] for word in words]
    shared = sum((_weight(beginning) for beginning in beginnings), Value(0))
    found = Learning.objects.defer("search").annotate(shared=shared).filter(shared__gte=len(words) * 2 / 3)
    return list(found.order_by("-shared", "-experiment")[:NEAREST])


def _weight(beginning: str) -> Case:
    told, anywhere = _begins(beginning, is_told=True), _begins(beginning, is_told=False)
    return Case(When(told, then=2), When(anywhere, then=1), default=0, output_field=IntegerField())


def _begins(beginning: str, *, is_told: bool) -> Q:
    """That a word so begins, in the sentence of the learning or anywhere."""
    if connection.vendor == "sqlite":
        asked = f'told : "{beginning}" *' if is_told else f'"{beginning}" *'
        return Q(pk__in=LearningWords.objects.filter(matched__match=asked).values("pk"))
    weight = "A" if is_told else ""
    return Q(search=SearchQuery(f"'{beginning}':*{weight}", config=CONFIG, search_type="raw"))


def with_experiments(learnings: list[Learning]) -> list[Learning]:
    """The same in the same order, each with its experiment, pod, idea and decision, in one query."""
    full = Learning.objects.defer("search").select_related(*(f"experiment__{name}" for name in SHOWN_WITH))
    by_key = full.in_bulk([learning.pk for learning in learnings])
    return [by_key[learning.pk] for learning in learnings]


def metrics_learned_about() -> list[str]:
    """The keys of the metrics of decided experiments, in alphabetical order."""
    keys = Metric.objects.filter(experiment__learning__isnull=False).order_by("key").values_list("key", flat=True)
    return list(keys.distinct())


def states_learned_about() -> list[CustomerState]:
    limited = LearningState.objects.order_by().values_list("state", flat=True)
    said = Learning.objects.order_by().values_list("experiment__idea__customer_state", flat=True)
    known = set(limited.union(said))
    return [state for state in CustomerState if state in known]
