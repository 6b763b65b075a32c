"""Days are counted once: refreshed daily, counted at once and computed row by row, all figures agree; what comes too
late is told and waits for a full count."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import time_machine

from engagement.core.clock import now
from engagement.core.jobs import Progress
from engagement.customers.models import Customer, Feed, Merge
from engagement.customers.services import feeds
from engagement.customers.services.customers import ensure
from engagement.customers.services.erasure import erase
from engagement.customers.services.event_imports import import_events
from engagement.customers.services.identities import merge
from experiments.models import CountedDays, Counting, Experiment, Readout
from experiments.services import exposed_kept
from experiments.services.analysis import analyse
from experiments.services.exposure_imports import import_exposures
from experiments.services.loading import load
from tests.experiments.builders import returning
from tests.experiments.services.test_live_experiment import LATER, START, TOML, Rows, metric

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FEEDS = ("session", "purchase", "complaint", "visit")
RUNNING = """
[[metrics]]
key = "so_far"
kind = "mean"
role = "diagnostic"
event = "purchase"
cap = 40.0
[[metrics]]
key = "value_so_far"
kind = "ratio"
role = "diagnostic"
numerator = { event = "purchase", value = true }
denominator = { event = "purchase", value = false }
"""


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path)


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    toml = tmp_path / "welcome.toml"
    toml.write_text(TOML.format(extra="") + RUNNING)
    with time_machine.travel(START - DAY):
        return load(path=toml, actor=None)[0]


def deliver(rows: Rows, folder: Path, *, begins: datetime, ends: datetime) -> None:
    """A period's exposures and events as files."""
    exposed = [(c, at) for c, at in rows.exposed.items() if begins <= at < ends]
    lines = [f"welcome,{c},{rows.variant[c]},{at.isoformat()}\n" for c, at in exposed]
    happened = [
        f"{c},{event},{at.isoformat()},{value or ''},{'EUR' if event == 'purchase' else ''},{app}\n"
        for (c, event), found in rows.events.items()
        for at, value, app in found
        if begins <= at < ends
    ]
    if lines:
        write(folder / "x.csv", "experiment,customer_id,variant,exposed_at\n", lines)
        import_exposures(path=folder / "x.csv", name="x.csv", progress=Progress())
    if happened:
        write(folder / "e.csv", "customer_id,event,occurred_at,value,currency,app\n", happened)
        import_events(path=folder / "e.csv", name="e.csv", complete_through=ends, progress=Progress())
    feeds.complete(events=FEEDS, through=ends)  # of some events there is none that day


def write(path: Path, header: str, lines: list[str]) -> None:
    path.write_text(header + "".join(lines))


def refresh(experiment: Experiment, *, is_full: bool = False) -> Readout:
    return analyse(experiment=Experiment.objects.get(pk=experiment.pk), is_full=is_full, progress=Progress())


def run(rows: Rows, experiment: Experiment, folder: Path, *, days: tuple[int, ...] = (16, 20)) -> Readout:
    """A refresh an hour after the end of each of these days, with what has happened since the last."""
    begins = START - 60 * DAY
    for day in days:
        ends = START + day * DAY
        with time_machine.travel(ends + timedelta(hours=1)):
            deliver(rows, folder, begins=begins, ends=ends)
            readout = refresh(experiment)
        begins = ends
    return readout


def numbers(readout: Readout) -> list[tuple]:
    """Every figure of every metric that is not a look's."""
    return [
        (part["key"], row["variant"], row["n"], row["mean"], row["mean_uncapped"], row["variance"])
        for part in readout.document["metrics"]
        for row in part["variants"]
    ] + [
        (part["key"], row["variant"], row["absolute"], row["lift"], row["unadjusted"]["absolute"])
        for part in readout.document["metrics"]
        for row in part["comparisons"]
    ]


def same(found: list, expected: list) -> bool:
    flat = [pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value for value in expected]
    return found == flat


def flattened(value) -> list:
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flattened(value[key])]  # PostgreSQL keeps no order of keys
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in flattened(part)]
    return [value]


def test_day_after_day_gives_what_one_full_count_gives(tmp_path, rows, experiment):
    refreshed = run(rows, experiment, tmp_path, days=(3, 4, 15, 16, 17, 29, 30))
    with time_machine.travel(LATER):
        assert CountedDays.objects.count() == 7  # all but the quantile, which has no increments
        full = refresh(experiment, is_full=True)
    assert all(row["n"] > 300 for part in full.document["metrics"] for row in part["variants"])
    assert same(flattened(numbers(refreshed)), flattened(numbers(full)))
    assert same(flattened(refreshed.series), flattened(full.series))
    for key, days in (("revenue", 30 - 14), ("so_far", 30)):
        assert len(full.series["metrics"][key]["days"]) == days
    for row in metric(refreshed.document, "revenue")["variants"]:
        values = rows.totals(row["variant"], "purchase", ends=14).clip(max=60.0)
        closed = [rows.exposed[name] + 14 * DAY <= START + 30 * DAY for name in rows._names(row["variant"])]
        assert (row["n"], row["mean"]) == (sum(closed), pytest.approx(values[closed].mean(), rel=1e-12))


def test_what_comes_for_a_counted_day_is_told_and_waits_for_a_full_count(tmp_path, rows, experiment):
    before = run(rows, experiment, tmp_path, days=(16, 24))
    name, at = next((c, at) for c, at in rows.exposed.items() if at < START + 2 * DAY)
    with time_machine.travel(START + 24 * DAY + timedelta(hours=2)):
        line = f"{name},purchase,{(at + 5 * DAY).isoformat()},25.00,EUR,\n"
        write(tmp_path / "late.csv", "customer_id,event,occurred_at,value,currency,app\n", [line])
        import_events(path=tmp_path / "late.csv", name="late.csv", progress=Progress())
        refreshed = refresh(experiment)
        again = refresh(experiment)
        assert Counting.objects.get().late == 1
        full = refresh(experiment, is_full=True)
        assert Counting.objects.get().late == 0
    assert same(flattened(numbers(refreshed)), flattened(numbers(before)))
    assert same(flattened(numbers(again)), flattened(numbers(before)))
    rows.events[name, "purchase"].append((at + 5 * DAY, 25.0, ""))
    for row in metric(full.document, "revenue")["variants"]:
        values = rows.totals(row["variant"], "purchase", ends=14).clip(max=60.0)
        closed = [rows.exposed[name] + 14 * DAY <= START + 24 * DAY for name in rows._names(row["variant"])]
        assert row["mean"] == pytest.approx(values[closed].mean(), rel=1e-12)


def test_a_merge_after_the_count_is_told_and_a_full_count_takes_both_for_one(tmp_path, rows, experiment):
    before = run(rows, experiment, tmp_path, days=(16, 24))
    first, second = sorted(
        (c for c, at in rows.exposed.items() if at < START + 3 * DAY), key=lambda c: rows.exposed[c]
    )[:2]
    with time_machine.travel(START + 24 * DAY + timedelta(hours=2)):
        gone, stays = (Customer.objects.get(external_id=name) for name in (second, first))
        Customer.objects.filter(pk=gone.pk).update(merged_into=stays)
        Merge.objects.create(merged=gone, into=stays, at=now(), cause="alias")
        refreshed = refresh(experiment)
        assert Counting.objects.get().late == 1
        full = refresh(experiment, is_full=True)
    assert same(flattened(numbers(refreshed)[:2]), flattened(numbers(before)[:2]))
    counted = sum(row["n"] for row in metric(full.document, "retained_7")["variants"])
    assert counted == sum(row["n"] for row in metric(before.document, "retained_7")["variants"]) - 1
    is_other = rows.variant[first] != rows.variant[second]
    assert sum(variant["contaminated"] for variant in full.document["variants"]) == int(is_other)


def kept_files(settings) -> list[Path]:
    return sorted((settings.WAREHOUSE_DIR / "exposed").glob("*/*.parquet"))


def exposed(readout: Readout) -> int:
    return sum(variant["customers"] for variant in readout.document["variants"])


def test_who_was_met_is_read_from_the_last_counting_and_its_file_stays_while_nobody_new_comes(
    tmp_path, rows, experiment, settings, django_capture_on_commit_callbacks
):
    run(rows, experiment, tmp_path, days=(3, 16))
    file = settings.WAREHOUSE_DIR / "exposed" / Counting.objects.get().exposed["name"]
    with time_machine.travel(START + 17 * DAY + timedelta(hours=1)):
        refresh(experiment)
        assert Counting.objects.get().exposed["name"] == f"{experiment.uid}/{file.name}"
        pq.write_table(pq.read_table(file).slice(1), file)  # so that whoever reads it shows
        short = refresh(experiment)
        with django_capture_on_commit_callbacks(execute=True):
            whole = refresh(experiment, is_full=True)
        assert len(kept_files(settings)) == 3  # another analysis might be writing them
        for path in kept_files(settings):
            os.utime(path, times=(now().timestamp() - 7_200,) * 2)
        exposed_kept.tidy(experiment, kept={file.parent.name + "/" + file.name, Counting.objects.get().exposed["name"]})
    assert exposed(short) + 1 == exposed(whole)
    newest = settings.WAREHOUSE_DIR / "exposed" / Counting.objects.get().exposed["name"]
    assert kept_files(settings) == sorted([file, newest])  # the one before may still be read; that of day 3 is gone


@pytest.mark.parametrize("harm", ["gone", "damaged", "merged", "stored late"])
def test_a_file_that_does_not_hold_what_it_should_is_not_used(tmp_path, rows, experiment, settings, harm):
    run(rows, experiment, tmp_path, days=(3, 16))
    file = settings.WAREHOUSE_DIR / "exposed" / Counting.objects.get().exposed["name"]
    with time_machine.travel(START + 17 * DAY + timedelta(hours=1)):
        if harm == "gone":
            file.unlink()
        elif harm == "damaged":
            file.write_bytes(file.read_bytes()[:-9] + b"no parquet")
        elif harm == "merged":
            gone, stays = Customer.objects.order_by("pk")[:2]
            Customer.objects.filter(pk=gone.pk).update(merged_into=stays)
            Merge.objects.create(merged=gone, into=stays, at=START, cause="alias")  # told to be older than it is
        else:  # received before the newest exposure that was seen, and stored after it
            line = f"welcome,late,{rows.variant['c0']},{(START + DAY).isoformat()}\n"
            write(tmp_path / "x.csv", "experiment,customer_id,variant,exposed_at\n", [line])
            with time_machine.travel(START + 16 * DAY):
                import_exposures(path=tmp_path / "x.csv", name="late.csv", progress=Progress())
        refreshed = refresh(experiment)
        full = refresh(experiment, is_full=True)
    assert exposed(refreshed) == exposed(full)
    if harm in ("gone", "damaged"):
        assert same(flattened(numbers(refreshed)), flattened(numbers(full)))


def test_a_merge_makes_the_file_void_though_an_erasure_took_another_out_of_the_log(tmp_path, rows, experiment):
    run(rows, experiment, tmp_path, days=(3, 16))
    first, second, third, fourth = ensure(sorted(rows.exposed)[:4])
    with time_machine.travel(START + 17 * DAY + timedelta(hours=1)):
        merge([(first, second)], cause="alias")
        before = refresh(experiment)
        erase(customer=Customer.objects.get(pk=second), actor=None)
        merge([(third, fourth)], cause="alias")
        after = refresh(experiment)
    assert Merge.objects.count() == 1
    assert exposed(after) == exposed(before) - 1


def test_a_changed_definition_is_counted_from_the_start(tmp_path, rows, experiment):
    run(rows, experiment, tmp_path, days=(16, 20))
    revenue = experiment.metrics.get(key="revenue")
    revenue.columns = {**revenue.columns, "cap": 10.0}
    revenue.save()
    with time_machine.travel(START + 20 * DAY + timedelta(hours=2)):
        refreshed, full = refresh(experiment), refresh(experiment, is_full=True)
    assert same(flattened(numbers(refreshed)), flattened(numbers(full)))
    assert max(row["mean"] for row in metric(refreshed.document, "revenue")["variants"]) < 10


def test_a_stated_time_keeps_nothing_and_cuts_what_was_kept(tmp_path, rows, experiment):
    run(rows, experiment, tmp_path, days=(16, 24))
    kept = list(CountedDays.objects.values("metric_key", "through").order_by("metric_key"))
    with time_machine.travel(LATER):
        moment = START + 18 * DAY + timedelta(hours=7)
        cut = analyse(experiment=Experiment.objects.get(), as_of=moment, progress=Progress())
        assert list(CountedDays.objects.values("metric_key", "through").order_by("metric_key")) == kept
        CountedDays.objects.all().delete()
        plain = analyse(experiment=Experiment.objects.get(), as_of=moment, is_full=True, progress=Progress())
    assert same(flattened(numbers(cut)), flattened(numbers(plain)))


def test_a_curve_that_grew_day_by_day_is_the_one_counted_at_once(tmp_path):
    made, people = returning(tmp_path)
    begins = datetime(2026, 7, 6, tzinfo=UTC)

    def curve_at(days: float, **options):
        Feed.objects.update(complete_through=begins + timedelta(days=days))
        return analyse(experiment=Experiment.objects.get(pk=made.pk), progress=Progress(), **options).series["curve"]

    grown = [curve_at(days) for days in (2, 3, 3.25, 9, 20, 21.5, 40)]
    whole = curve_at(40, is_full=True)

    assert grown[-1] == whole
    assert grown[0] != grown[-1]
    variants = {variant for variant, _at, _visits in people.values()}
    assert set(whole["retained"]) == variants
    assert sum(map(sum, whole["retained"].values())) > 1_000
