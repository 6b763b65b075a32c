"""Keeping the library of learnings: one row a decided experiment, with the words it is found by."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db import connection, transaction
from django.db.models import TextField, Value

from engagement.customers import audience_rules
from engagement.customers.reports import STATE_LABELS
from engagement.customers.states import CustomerState
from engagement.messaging.choices import Channel
from experiments.models import Experiment, Learning, LearningState, LearningWords
from experiments.queries.learnings import CONFIG
from experiments.reports.wording import metric_name
from experiments.search_words import folded

AT_ONCE = 500
LONGEST = 50_000  # characters: more might not fit into one vector of PostgreSQL
INDEX = LearningWords._meta.db_table
READ_WITH = ("decision__variant", "retro", "pod", "idea", "audience_version__audience")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A learning with its words, those of the sentence apart because they count for more."""

    experiment: int
    sentence: str
    told: str
    around: str
    states: list[CustomerState]


def keep(*, experiment: Experiment) -> None:
    """Writes the learning of a decided experiment anew; for whoever decides or closes it, in their transaction."""
    _write([_entry(one) for one in _readable().filter(pk=experiment.pk)])


def rebuild() -> str:
    """Makes the whole library anew, nightly too, for names of ideas, pods and audiences change below; how many."""
    decided = list(_readable().filter(decision__isnull=False).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(decided), AT_ONCE):
        _write([_entry(one) for one in _readable().filter(pk__in=decided[start : start + AT_ONCE])])
    Learning.objects.filter(experiment__decision=None).delete()
    if connection.vendor == "sqlite":
        known = f"SELECT experiment_id FROM {Learning._meta.db_table}"  # noqa: S608  a name of our own
        _execute(f"DELETE FROM {INDEX} WHERE rowid NOT IN ({known})")  # noqa: S608
    return f"{len(decided):,} learnings can be found."


def _readable() -> Any:
    return Experiment.objects.select_related(*READ_WITH).prefetch_related("metrics", "variants__message")


def _entry(experiment: Experiment) -> _Entry:
    """What stands in the retro goes before what the decision said: it was written later, by more people."""
    retro = getattr(experiment, "retro", None)
    sentence = retro.learning if retro else experiment.decision.learning
    states = _states(experiment)
    around = folded(" ".join([*_texts(experiment, retro), *(str(STATE_LABELS[state]) for state in states)]))
    return _Entry(experiment.pk, sentence, folded(sentence), around[:LONGEST], states)


def _texts(experiment: Experiment, retro: Any) -> list[str]:
    idea, version = experiment.idea, experiment.audience_version
    variants = list(experiment.variants.all())
    texts = [
        experiment.name, experiment.key, experiment.because, experiment.we_believe, experiment.audience,
        experiment.will_move, experiment.decision.learning, experiment.decision.reason,
        *(metric_name(metric.key) for metric in experiment.metrics.all()),
        *(variant.name for variant in variants),
        *(str(Channel(one).label) for variant in variants if variant.message for one in variant.message.channels),
    ]  # fmt: skip
    if retro:
        texts += [retro.why, retro.surprise]
    if experiment.pod:
        texts.append(experiment.pod.name)
    if version:
        texts.append(version.audience.name)
    if idea:
        texts += [
            idea.title, idea.problem, idea.get_channel_display(), idea.get_lever_display(),
            idea.get_lifecycle_stage_display(), idea.get_customer_state_display(),
        ]  # fmt: skip
    return texts


def _states(experiment: Experiment) -> list[CustomerState]:
    """Those the audience is limited to; none where it takes all of them."""
    version = experiment.audience_version
    left = audience_rules.states_left(audience_rules.read(version.rule)) if version else frozenset()
    named = [state for state in CustomerState if state in left]
    return named if len(named) < len(CustomerState) else []


@transaction.atomic
def _write(entries: list[_Entry]) -> None:
    Learning.objects.bulk_create(
        [Learning(experiment_id=one.experiment, sentence=one.sentence, search=_vector(one)) for one in entries],
        update_conflicts=True,
        unique_fields=["experiment"],
        update_fields=["sentence", "search"],
    )
    LearningState.objects.filter(learning__in=[one.experiment for one in entries]).delete()
    LearningState.objects.bulk_create(
        LearningState(learning_id=one.experiment, state=state) for one in entries for state in one.states
    )
    if connection.vendor == "sqlite":
        _execute(f"DELETE FROM {INDEX} WHERE rowid = %s", [(one.experiment,) for one in entries])  # noqa: S608
        rows = [(one.experiment, one.told, one.around) for one in entries]
        _execute(f"INSERT INTO {INDEX} (rowid, told, around) VALUES (%s, %s, %s)", rows)  # noqa: S608


def _vector(entry: _Entry) -> Any:
    """Of the sentence with weight A, of the rest with B; nothing on SQLite, whose index is a table of its own."""
    if connection.vendor == "sqlite":
        return None
    parts = {"A": entry.told, "B": entry.around}
    told, around = (
        SearchVector(Value(text, output_field=TextField()), config=CONFIG, weight=weight)
        for weight, text in parts.items()
    )
    return told + around


def _execute(statement: str, rows: list[tuple[Any, ...]] | None = None) -> None:
    with connection.cursor() as cursor:
        if rows is None:
            cursor.execute(statement)
        else:
            cursor.executemany(statement, rows)
