"""The moments of five metrics from a prepared table of customers, beside the engine's own sums and tea-tasting's."""

import importlib.util
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.benchmarks import synthetic
from tests.benchmarks.lines import absent, measured, named, peer
from tests.benchmarks.peers import TEA_TASTING
from tests.benchmarks.timing import best

CUSTOMERS, MOST_TIMES = 10_000_000, 1.3
COLUMNS = ["u_0", "u_1", "y_1", "u_2", "u_3", "u_4", "x_1", "x_3"]  # y: capped; x: the covariate, the denominator


def lines(customers: int = CUSTOMERS) -> Iterator[str]:
    """Seconds on the wall, the least of several, of one engine on one table."""
    import ibis

    yield f"moments: {customers:,} customers, 5 metrics, 3 variants"
    connection = ibis.duckdb.connect(memory_limit="4GB", threads=2)
    table = _prepared(connection, customers)
    plain = best(lambda: connection.to_pyarrow(_plain(table)))
    yield measured("DuckDB: count, sums and squares per variant", plain, "s")
    queries = _ours(table)
    ours = best(lambda: [connection.to_pyarrow(query) for query in queries])
    yield measured("ours: with third sums, cross sums, caps, windows and days", ours, "s")
    yield measured("ours over the engine's own", ours / plain, "×", at_most=MOST_TIMES)
    if importlib.util.find_spec("tea_tasting") is None:
        yield absent(TEA_TASTING)
    else:
        yield peer(f"{named(TEA_TASTING)}: read_aggregates", best(lambda: _tea_tasting(table)), "s", ours=ours)
    connection.disconnect()


def _prepared(connection: Any, customers: int) -> Any:
    """As `compile.per_customer` leaves it: everybody's window closed, a third of them bought."""
    start = int(synthetic.FIRST_DAY.timestamp() * 1_000_000)
    bought = "CASE WHEN hash(i * 3) % 3 = 0 THEN exp(2.2 + (hash(i * 5) % 1600)::DOUBLE / 1000) ELSE 0.0 END"
    connection.raw_sql(
        f"""
        CREATE TEMP TABLE prepared AS
        SELECT *, ((exposed_us + 691199999999) // 86400000000)::INTEGER AS day_691200,
               ((exposed_us + 1209599999999) // 86400000000)::INTEGER AS day_1209600, least(u_1, 200.0) AS y_1
        FROM (SELECT i AS customer, (hash(i) % 3)::BIGINT AS variant, false AS is_contaminated,
               {start} + (hash(i * 31 + 7) % {16 * 86_400_000_000})::BIGINT AS exposed_us,
               (hash(i * 7) % 4 = 0)::DOUBLE AS u_0, {bought} AS u_1, (hash(i * 3) % 3 = 0)::DOUBLE AS u_2,
               {bought} AS u_3, (hash(i * 11) % 100 = 0)::DOUBLE AS u_4,
               (hash(i * 13) % 60)::DOUBLE AS x_1, (hash(i * 3) % 3 = 0)::DOUBLE AS x_3
        FROM range({customers}) AS t (i))
        """  # noqa: S608  numbers of our own
    )
    return connection.table("prepared")


def _plain(table: Any) -> Any:
    columns = [table[name] for name in COLUMNS]
    sums = {f"sum_{c.get_name()}": c.sum() for c in columns} | {f"sq_{c.get_name()}": (c * c).sum() for c in columns}
    return table.group_by("variant").aggregate(n=table.count(), **sums)


def _ours(table: Any) -> list[Any]:
    from experiments.experiment_file import read_experiment
    from experiments.metrics.compile import day_sums
    from experiments.metrics.spans import Span

    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.toml"
        plan.write_text(synthetic.PLAN)
        definitions = [metric.definition for metric in read_experiment(plan, zone=ZoneInfo("UTC")).metrics]
    as_of = synthetic.FIRST_DAY + timedelta(days=60)
    return day_sums(table, table, definitions, spans={d.key: Span(as_of) for d in definitions})


def _tea_tasting(table: Any) -> object:
    from tea_tasting.aggr import read_aggregates

    return read_aggregates(
        table, "variant", has_count=True, mean_cols=COLUMNS, var_cols=COLUMNS,
        cov_cols=[("y_1", "x_1"), ("u_3", "x_3")],
    )  # fmt: skip
