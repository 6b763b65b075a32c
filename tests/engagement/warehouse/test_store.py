"""The store takes each source once, whole or not at all, whoever else writes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engagement.warehouse import store
from engagement.warehouse.engines import connect
from engagement.warehouse.tables import EXPOSURES

AT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


def batch(*customers: int, variant: str = "a") -> pa.RecordBatch:
    rows = [
        {
            "experiment": "e",
            "customer": c,
            "variant": variant,
            "exposed_at": AT,
            "propensity": None,
            "batch": None,
            "received_at": AT,
        }
        for c in customers
    ]
    return pa.RecordBatch.from_pylist(rows, schema=EXPOSURES)


def customers() -> list[int]:
    with connect() as warehouse:
        table = warehouse.backend.to_pyarrow(warehouse.table("exposures"))
        return sorted(table["customer"].to_pylist())


def test_an_empty_table_can_be_read():
    assert customers() == []
    assert store.snapshot("events") == []


def test_the_same_source_twice_is_stored_once():
    assert store.append("exposures", [batch(1, 2)], source="x")
    assert not store.append("exposures", [batch(1, 2)], source="x")
    assert store.append("exposures", [batch(3)], source="y")
    assert customers() == [1, 2, 3]


def test_rows_that_break_off_leave_nothing():
    def broken() -> Iterator[pa.RecordBatch]:
        yield batch(1)
        raise RuntimeError("the disk is full")

    with pytest.raises(Exception, match="the disk is full"):
        store.append("exposures", broken(), source="x")

    assert customers() == []
    assert store.append("exposures", [batch(1)], source="x")
    assert customers() == [1]


def test_writers_at_once_lose_nothing():
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: store.append("exposures", [batch(n)], source=f"s{n}"), range(12)))

    assert done == [True] * 12
    assert customers() == list(range(12))


def test_days_are_utc_days_whatever_the_machine_says(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    store.append("exposures", [batch(1)], source="x")
    with connect() as warehouse:
        day = warehouse.backend.to_pyarrow(warehouse.table("exposures").exposed_at.date().name("day").as_table())
    assert [str(value) for value in day["day"].to_pylist()] == ["2026-03-01"]


@pytest.mark.parametrize("folder", ["a b", "50% off", "straße", "a#b"])
def test_a_folder_of_any_name_holds_a_store(settings, tmp_path, folder):
    settings.WAREHOUSE_DIR = tmp_path / folder
    store.append("exposures", [batch(1, 2)], source="x")
    assert customers() == [1, 2]


def test_the_same_source_from_two_writers_at_once_is_stored_once():
    store.append("exposures", [batch(9)], source="other")
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _n: store.append("exposures", [batch(1)], source="same"), range(4)))

    assert done.count(True) == 1
    assert customers() == [1, 9]


def test_many_small_files_become_one_and_the_rows_stay():
    for number in range(12):
        store.append("exposures", [batch(number, number + 100)], source=f"s{number}")
    before = customers()
    assert len(store.snapshot("exposures")) == 12
    assert store.compact("exposures") == 11
    assert len(store.snapshot("exposures")) == 1
    assert customers() == before
    assert store.compact("exposures") == 0
    assert not store.append("exposures", [batch(1)], source="s1")  # what was taken stays known
    assert store.vacuum("exposures") == 0  # a reader may still be at the old files


def test_large_files_follow_each_other_in_time_so_that_a_later_reader_opens_the_last_one_only(monkeypatch):
    monkeypatch.setattr(store, "LARGEST_FILE", 40_000)
    for hour in range(30):
        at = AT + timedelta(hours=hour)
        rows = [
            {"experiment": "e", "variant": "a", "customer": hash((hour, n)), "exposed_at": at, "received_at": at}
            for n in range(200 + 997 * hour % 1500)
        ]
        store.append("exposures", [pa.RecordBatch.from_pylist(rows, schema=EXPOSURES)], source=f"s{hour}")
    assert store.compact("exposures") > 15

    files = store.snapshot("exposures")
    spans = sorted(
        (min(times), max(times), file.newest)
        for file in files
        for times in [pq.read_table(file.path, columns=["received_at"])["received_at"].to_pylist()]
    )
    assert len(spans) > 4
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    with connect() as warehouse:
        arrived = warehouse.arrived("exposures", spans[-2][2])
        assert warehouse.number(arrived.count()) == pq.read_metadata(max(files, key=lambda f: f.newest).path).num_rows


def test_rows_that_come_while_files_are_made_large_are_all_there():
    for number in range(20):
        store.append("exposures", [batch(number)], source=f"s{number}")

    def write(number: int) -> None:
        store.append("exposures", [batch(1000 + number)], source=f"w{number}")

    with ThreadPoolExecutor(4) as pool:
        compacting = [pool.submit(store.compact, "exposures") for _ in range(2)]
        list(pool.map(write, range(20)))
        [done.result() for done in compacting]
    assert customers() == [*range(20), *range(1000, 1020)]
