"""A full readout of a large experiment beside the engine's own aggregation of the same columns, and the next day's."""

from collections.abc import Iterator
from datetime import timedelta

from tests.benchmarks import synthetic
from tests.benchmarks.lines import measured
from tests.benchmarks.timing import best, seconds

CUSTOMERS, EVENTS = 1_000_000, 10_000_000
MOST_TIMES, MOST_REFRESH = 3.0, 0.15
REPEATS = 3


def lines(customers: int = CUSTOMERS, events: int = EVENTS) -> Iterator[str]:
    """Seconds on the wall, the least of three: the engine works on all cores."""
    synthetic.installation(customers, events)
    yield f"readout: {events:,} events, {customers:,} customers, 5 metrics, 30 daily looks"
    plain = best(plain_aggregation)
    yield measured("DuckDB: the same columns summed per customer", plain, "s")
    full = best(lambda: readout(synthetic.DAYS, is_full=True))
    yield measured("full readout, all daily looks", full, "s")
    yield measured("full readout over plain aggregation", full / plain, "×", at_most=MOST_TIMES)
    refresh = min(refreshed() for _ in range(REPEATS))
    yield measured("the next day's refresh", refresh, "s")
    yield measured("refresh over full readout", refresh / full, "×", at_most=MOST_REFRESH)


def plain_aggregation() -> int:
    """What any analysis does at the least: every event once, the sums of every customer, no windows, no moments."""
    from engagement.warehouse.engines import connect

    with connect() as warehouse:
        events = warehouse.table("events")
        is_purchase = events.event == "purchase"
        totals = events.group_by("customer").aggregate(
            sessions=(events.event == "session").sum(),
            revenue=is_purchase.ifelse(events.value, 0.0).sum(),
            orders=is_purchase.sum(),
            before=(is_purchase & (events.occurred_at < synthetic.FIRST_DAY + timedelta(days=28)))
            .ifelse(events.value, 0.0)
            .sum(),
            complaints=(events.event == "complaint").sum(),
        )
        return warehouse.number(warehouse.kept(totals).count())


def readout(day: int, *, is_full: bool) -> None:
    from engagement.core.jobs import Progress
    from engagement.customers.models import Feed
    from experiments.models import Experiment
    from experiments.services.analysis import analyse

    Feed.objects.update(complete_through=synthetic.FIRST_DAY + timedelta(days=day))
    analyse(experiment=Experiment.objects.get(), is_full=is_full, progress=Progress())


def refreshed() -> float:
    """Seconds of a refresh by one day, in the middle of the experiment's windows."""
    readout(synthetic.DAYS - 8, is_full=True)
    return seconds(lambda: readout(synthetic.DAYS - 7, is_full=False))
