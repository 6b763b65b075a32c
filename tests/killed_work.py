"""The pieces of work that `tests.killed` lets die, and what is there afterwards; they run inside an installation."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.conf import settings

from engagement.accounts.services.keys import make_key
from engagement.core.clock import now
from engagement.core.jobs import Progress
from engagement.customers.models import Consent, Customer
from engagement.customers.services import flushing, upkeep
from engagement.messaging.models import Delivery
from engagement.warehouse import store
from engagement.warehouse.engines import connect
from engagement.warehouse.tables import EXPOSURES
from experiments.models import CountedDays, Experiment
from experiments.services import in_force, plans, runs, sending
from experiments.services.plans import MetricPlan, VariantPlan
from tests.experiments.services.test_counting import RUNNING, flattened, numbers, refresh
from tests.experiments.services.test_counting import deliver as deliver_rows
from tests.experiments.services.test_live_experiment import TOML, Rows

AT = datetime(2026, 3, 1, tzinfo=UTC)
ROWS_A_FILE = 500


def append(first: int, files: int) -> None:
    """Small files, each from a source of its own; those that are there already are not taken again."""
    for number in range(first, first + files):
        row = {"experiment": "e", "variant": "a", "exposed_at": AT, "received_at": AT}
        rows = [{**row, "customer": customer} for customer in expected(1, first=number)]
        store.append("exposures", [pa.RecordBatch.from_pylist(rows, schema=EXPOSURES)], source=f"s{number}")


def compact() -> None:
    upkeep.compact()


def append_and_compact(first: int, files: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(append, first, files)
        compact()
        writing.result()


def key() -> str:
    return make_key(name="k", kind="secret", actor=None)[1]


def flush() -> None:
    flushing.flush()


def flush_and_die(point: str) -> None:
    """A flusher that is killed on entering the function `point` of its module, as a machine would let it die."""
    setattr(flushing, point, lambda *_args, **_named: os.kill(os.getpid(), signal.SIGKILL))
    flushing.flush()


def flush_by_two() -> None:
    child = os.fork()
    flushing.flush()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def expected(files: int, first: int = 0) -> list[int]:
    return list(range(first * ROWS_A_FILE, (first + files) * ROWS_A_FILE))


def stored() -> list[int]:
    with connect() as warehouse:
        found: list[int] = warehouse.backend.to_pyarrow(warehouse.table("exposures"))["customer"].to_pylist()
    return sorted(found)


def files() -> int:
    return len(store.snapshot("exposures"))


def load() -> None:
    from experiments.services.loading import load as load_file

    toml = settings.DATA_DIR / "welcome.toml"
    toml.write_text(TOML.format(extra="") + RUNNING)
    load_file(path=toml, actor=None)


def deliver(begins: str, ends: str) -> None:
    """What happened in a period, by files; each is complete to its end."""
    folder: Path = settings.DATA_DIR
    period = {"begins": datetime.fromisoformat(begins), "ends": datetime.fromisoformat(ends)}
    deliver_rows(Rows(folder), folder, **period)


def analyse(*, is_full: bool = False) -> dict[str, Any]:
    """The figures of an analysis, and how many metrics have kept days of how many that may."""
    experiment = Experiment.objects.get(key="welcome")
    figures = flattened(numbers(refresh(experiment, is_full=is_full)))
    return {"figures": figures, "kept": CountedDays.objects.count(), "metrics": 7}


def launch_letter(customers: int) -> None:
    """An experiment whose mails leave from here, launched just now."""
    names = [f"c{number}" for number in range(customers)]
    people = [Customer(external_id=name, email=f"{name}@example.org") for name in names]
    Customer.objects.bulk_create(people)
    said = {"channel": "email", "is_granted": True, "at": now(), "source": "form", "is_newest": True}
    Consent.objects.bulk_create([Consent(customer=one, **said) for one in Customer.objects.all()])
    text = "Read on. {{ unsubscribe_url }}"
    experiment = plans.create(
        key="letter", name="Letter", actor=None, starts=now(), ends=now() + timedelta(days=7),
        variants=[VariantPlan(key, key, 0.5, "email", key, text) for key in ("today", "short")],
        metrics=[MetricPlan("read", "proportion", "primary")],
    )  # fmt: skip
    sending.choose(experiment=experiment, actor=None, per_minute=1_000_000)
    runs.start(experiment=experiment, actor=None)


def send_letter() -> None:
    in_force.forget()
    sending.send(experiment=Experiment.objects.get(key="letter"), progress=Progress())


def fates() -> dict[str, list[str]]:
    """The addresses by what became of their message."""
    found: dict[str, list[str]] = {}
    for delivery in Delivery.objects.select_related("customer"):
        found.setdefault(delivery.reason or delivery.state, []).append(delivery.customer.email)
    return found
