"""Searching ten thousand learnings, on SQLite and where a server answers on PostgreSQL: count, first page, its effects.

The server is looked for on 127.0.0.1:5432, or where BENCH_POSTGRESQL says. Each database in a process of its own.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from tests.benchmarks.ingest import SERVER
from tests.benchmarks.lines import absent, measured
from tests.benchmarks.timing import best, seconds
from tests.installation import Installation

LEARNINGS, MOST_MS = 10_000, 100
NOUNS = ("letter", "push", "reminder", "reader", "subject", "trial", "supporter", "weekend", "morning", "quiz")
VERBS = ("wins", "loses", "tires", "returns", "pays", "leaves", "reads", "waits")
CHANNELS, LEVERS, STAGES = ("email", "push", "in_app"), ("content", "timing", "audience"), ("reach", "nurture")
SEARCHES: dict[str, dict[str, str]] = {
    "a word that half of them hold": {"text": "letter"},
    "three beginnings of words": {"text": "let mor wai"},
    "a word nobody wrote": {"text": "zeppelin"},
    "a word, metric, state, channel, lever and stage": {
        "text": "reader", "metric": "spend", "state": "casual",
        "channel": "push", "lever": "timing", "stage": "nurture",
    },
    "no word: the newest": {},
}  # fmt: skip


def lines(count: int = LEARNINGS) -> Iterator[str]:
    """Milliseconds on the wall, the least of five."""
    yield f"learnings: {count:,} of them searched, with the first page of what is found"
    yield from _lines("SQLite", None, count)
    try:
        psycopg.connect(f"{SERVER}/postgres").close()
    except psycopg.OperationalError:
        yield absent("PostgreSQL server")
        return
    yield from _lines("PostgreSQL", SERVER, count)


def _lines(name: str, server: str | None, count: int) -> Iterator[str]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder), server=server)
        try:
            installation.run("migrate", "--verbosity", "0")
            program = "from tests.benchmarks import learnings; learnings.main()"
            told = json.loads(installation.run(str(count), program=program).splitlines()[-1])
        finally:
            installation.stop()
    yield measured(f"{name}: all made anew", told.pop("rebuild"), "s")
    for label, (found, took) in told.items():
        yield measured(f"{name}: {label} ({found:,} found)", 1_000 * took, "ms", at_most=MOST_MS)


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    django.setup()
    from django.core.paginator import Paginator

    from experiments.queries.learnings import learned, nearest
    from experiments.services import learnings
    from experiments.views.learnings import PAGE_SIZE, learning_rows

    def search(filters: dict[str, str]) -> int:
        page = Paginator(learned(**filters), PAGE_SIZE).get_page(1)
        learning_rows(list(page.object_list))
        return page.paginator.count

    fill(int(sys.argv[1]))
    told: dict[str, object] = {"rebuild": seconds(learnings.rebuild)}
    for label, filters in SEARCHES.items():
        told[label] = (search(filters), best(lambda asked=filters: search(asked), repeats=5))
    typed = {"title": "Letter in the morning", "problem": "Readers wait for a reminder. " * 20}
    told["nearest to an idea"] = (len(nearest(**typed)), best(lambda: learning_rows(nearest(**typed)), repeats=5))
    print(json.dumps(told))


def fill(count: int) -> None:
    """Decided experiments of made-up words, with ideas, metrics, messages and an audience of casual readers."""
    from backlog.models import Idea
    from engagement.accounts.models import Member
    from engagement.customers.services import audiences
    from engagement.messaging.models import Message
    from experiments.models import Decision, Experiment, Metric, Readout, Variant

    author = Member.objects.create_user("bench@example.org", name="Bench")
    audience = audiences.create(name="Casual readers", rule={"state": ["casual"]}, actor=None)
    first = datetime(2020, 1, 1, tzinfo=UTC)
    ideas = Idea.objects.bulk_create(
        Idea(
            title=_sentence(n), problem=_sentence(n + 1) * 3, change=_sentence(n + 2) * 3, author=author,
            channel=CHANNELS[n % 3], lever=LEVERS[n // 3 % 3], lifecycle_stage=STAGES[n // 9 % 2], state="decided",
        )
        for n in range(count)
    )  # fmt: skip
    experiments = Experiment.objects.bulk_create(
        Experiment(
            key=f"e{n}", name=_sentence(n), state="decided", idea=ideas[n], because=_sentence(n + 5) * 2,
            we_believe=_sentence(n + 7) * 2, audience_version=audience if n % 5 == 0 else None,
        )
        for n in range(count)
    )  # fmt: skip
    bodies = Message.objects.bulk_create(Message(contents={CHANNELS[n % 3]: {"body": "Hello"}}) for n in range(count))
    Variant.objects.bulk_create(
        Variant(experiment=one, key=key, name=key, position=place, share=0.5, message=bodies[n] if place else None)
        for n, one in enumerate(experiments)
        for place, key in enumerate(("today", "new"))
    )
    Metric.objects.bulk_create(
        Metric(experiment=one, key=key, kind="mean", role=role)
        for one in experiments
        for key, role in (("bought", "primary"), ("spend", "secondary"))
    )
    readouts = Readout.objects.bulk_create(
        Readout(experiment=one, as_of=first, document={"metrics": []}) for one in experiments
    )
    Decision.objects.bulk_create(
        Decision(
            experiment=one, readout=readouts[n], kind="stop", reason=_sentence(n + 3) * 5, learning=_sentence(n),
            decided_at=first + timedelta(hours=n),
        )
        for n, one in enumerate(experiments)
    )  # fmt: skip


def _sentence(number: int) -> str:
    """Words in an order that depends on the number, rare ones among them."""
    drawn = (number * 7_919 + place * 104_729 for place in range(4))
    words = [
        (NOUNS if place % 2 == 0 else VERBS)[draw % (10 if place % 2 == 0 else 8)] for place, draw in enumerate(drawn)
    ]
    return f"{' '.join(words)} rare{number % 997}. "
