"""The same readouts from the same files, computed by a real Spark cluster and by DuckDB."""

from collections.abc import Iterator
from pathlib import Path

import ibis
import pytest
from django.conf import settings as django_settings

from engagement.core.jobs import Progress
from engagement.customers.models import Customer
from engagement.customers.services.customers import ensure
from engagement.customers.services.identities import merge
from engagement.warehouse import engines
from experiments.models import Experiment, Readout
from experiments.services.analysis import analyse
from tests import spark_cluster
from tests.experiments.services.test_counting import RUNNING, flattened, same
from tests.experiments.services.test_live_experiment import LATER, Rows, start
from tests.experiments.witness.numbers import Witness
from tests.experiments.witness.test_witness import agree, all_at_once
from tests.experiments.witness.world import AS_OF, World

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(bool(spark_cluster.why_not()), reason=f"no Spark: {spark_cluster.why_not()}"),
    pytest.mark.skipif(
        not django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
        reason="which database holds the plan makes no difference to Spark",
    ),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


# Each metric costs a cluster many seconds: what the witness holds to numbers below is not asked again here.
NOT_IN_THE_WITNESS = """
[experiment]
key = "welcome"
name = "Shorter welcome series"
control = "today"
shares = { today = 0.5, short = 0.5 }
starts = 2026-07-06
ends = 2026-07-20
subgroups = ["plan"]
[[metrics]]
key = "retained_7"
kind = "retention"
role = "primary"
event = "session"
day = 7
[[metrics]]
key = "spend_p90"
kind = "quantile"
quantile = 0.9
event = "purchase"
window_days = 14
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    made = spark_cluster.Cluster(tmp_path_factory.mktemp("spark"))
    patch = pytest.MonkeyPatch()
    patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    patch.setenv("SPARK_CONF_DIR", str(made.folder))
    try:
        made.start()
        yield made.url
    finally:
        if engines._spark_session.cache_info().currsize:
            engines._spark_session(made.url).stop()
            engines._spark_session.cache_clear()
        patch.undo()
        made.stop()


def readout(experiment: Experiment) -> Readout:
    return analyse(experiment=Experiment.objects.get(pk=experiment.pk), as_of=LATER, progress=Progress())


def test_spark_and_duckdb_read_the_same_numbers_from_the_same_files(tmp_path: Path, cluster, settings):
    rows = Rows(tmp_path)
    settings.WAREHOUSE_ENGINE = "duckdb"
    experiment = start(tmp_path, rows, plan=NOT_IN_THE_WITNESS + RUNNING)
    Customer.objects.filter(external_id__endswith="7").update(traits={"plan": "paid"})
    others = [c for c in rows.exposed if rows.variant[c] != rows.variant["c0"]]
    merge([(ensure([others[0]])[0], ensure(["c0"])[0])], cause="alias")

    expected = readout(experiment)
    Readout.objects.all().delete()
    settings.WAREHOUSE_ENGINE = cluster
    found = readout(experiment)

    assert sum(variant["contaminated"] for variant in expected.document["variants"]) == 1
    pairs = list(zip(flattened(_told(found)), flattened(_told(expected)), strict=True))
    assert len(pairs) > 500
    assert [pair for pair in pairs if not same([pair[0]], [pair[1]])] == []


def test_spark_gives_the_figures_of_the_witness(tmp_path: Path, cluster, settings):
    world = World()
    experiment = all_at_once(world, tmp_path)
    settings.WAREHOUSE_ENGINE = cluster

    agree(analyse(experiment=experiment, as_of=AS_OF, progress=Progress()).document, Witness(world))


def test_spark_reads_again_what_it_has_kept(tmp_path: Path, cluster, settings):
    settings.WAREHOUSE_ENGINE = cluster
    with engines.connect() as warehouse:
        warehouse.save(ibis.memtable({"customer": [1, 2], "exposed_us": [5, 6]}), tmp_path / "kept.parquet")
    with engines.connect() as warehouse:
        kept = warehouse.saved(tmp_path / "kept.parquet")
        assert kept is not None
        rows = sorted(warehouse.rows(kept), key=lambda row: row["customer"])
        assert warehouse.saved(tmp_path / "gone.parquet") is None
    assert rows == [{"customer": 1, "exposed_us": 5}, {"customer": 2, "exposed_us": 6}]


def _told(found: Readout) -> list:
    document = found.document
    return [document["variants"], document["metrics"], document["health"], found.series]
