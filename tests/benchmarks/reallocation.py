"""New shares of a bandit of twenty variants, from a million customers whose window has closed."""

from collections.abc import Iterator
from datetime import timedelta

from tests.benchmarks import synthetic
from tests.benchmarks.lines import measured
from tests.benchmarks.timing import best

CUSTOMERS, EVENTS, VARIANTS = 1_000_000, 5_000_000, 20
MOST_S = 2.0


def lines(customers: int = CUSTOMERS, events: int = EVENTS) -> Iterator[str]:
    """Seconds on the wall, the least of three: reading the store, the chances, the shares, and keeping them."""
    synthetic.installation(customers, events)
    experiment, at = _running(customers), synthetic.FIRST_DAY + timedelta(days=synthetic.DAYS)
    from engagement.core.jobs import Progress
    from experiments.services.reallocating import reallocate

    def once() -> None:
        experiment.batch_shares.all().delete()
        made = reallocate(experiment=experiment, as_of=at, progress=Progress())
        assert made is not None
        assert sum(made.used["n"]) == customers

    yield f"reallocation: {VARIANTS} variants, {customers:,} customers with closed windows, {events:,} events stored"
    yield measured("new shares of a bandit, kept with what made them", best(once), "s", at_most=MOST_S)


def _running(customers: int) -> "object":
    """The bandit with its customers: plans take ten variants, so these rows are written as they are."""
    from engagement.core.clock import now
    from engagement.warehouse import store
    from experiments.models import Experiment, Metric, Variant

    found = Experiment.objects.filter(key="twenty").first()
    if found is not None:
        return found
    begins = synthetic.FIRST_DAY + timedelta(days=synthetic.STARTS_AFTER)
    made = Experiment.objects.create(
        key="twenty",
        name="Twenty subject lines",
        kind="bandit",
        state="running",
        starts=begins,
        ends=now() + timedelta(365),
    )
    for place in range(VARIANTS):
        Variant.objects.create(
            experiment=made, key=f"v{place:02}", name=f"v{place}", position=place, share=1 / VARIANTS
        )
    columns = {"event": "session", "window_s": 7 * 86_400}
    Metric.objects.create(experiment=made, key="came_back", kind="proportion", role="primary", columns=columns)
    store.append("exposures", _exposures(str(made.uid), customers), source="bench:bandit")
    return made


def _exposures(uid: str, customers: int) -> Iterator[object]:
    begins = synthetic.FIRST_DAY + timedelta(days=synthetic.STARTS_AFTER)
    at = f"TIMESTAMPTZ '{begins.isoformat()}' + to_seconds(i % 864000)"
    yield from synthetic.batches(
        f"""
        SELECT '{uid}' AS experiment, i AS customer, printf('v%02d', hash(i * 17) % {VARIANTS}) AS variant,
               {at} AS exposed_at, {1 / VARIANTS} AS propensity, 0::BIGINT AS batch, {at} AS received_at
        FROM range({customers}) AS t (i) ORDER BY exposed_at
        """,  # noqa: S608  numbers of our own
        "exposures",
    )
