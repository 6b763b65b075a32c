"""The product against the witness: one full count, day after day, after a compaction, with late events and a merge."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import time_machine
from scipy import stats

from engagement.core.jobs import Progress
from engagement.customers.services import feeds
from engagement.customers.services.customers import ensure
from engagement.customers.services.event_imports import import_events
from engagement.customers.services.identities import merge
from engagement.warehouse import store
from experiments.models import Experiment
from experiments.services.analysis import analyse
from experiments.services.exposure_imports import import_exposures
from experiments.services.loading import load
from tests.experiments.witness import numbers
from tests.experiments.witness.numbers import CONTROL, TREATMENTS, VARIANTS, Witness
from tests.experiments.witness.world import (
    AS_OF,
    DAY,
    METRICS,
    SHARES,
    START,
    Event,
    Exposure,
    World,
    events_csv,
    exposures_csv,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
COMPACTED = (9, 22, 49)  # days on which small files have become large ones since the last count
EVENTS = ("session", "purchase", "complaint")
exactly = {"rel": 1e-9, "abs": 1e-11}


@pytest.fixture
def world() -> World:
    return World()


def started(world: World, folder: Path) -> Experiment:
    """The plan, loaded before the experiment starts."""
    with time_machine.travel(START - 30 * DAY):
        return load(path=world.write(folder)["plan.toml"], actor=None)[0]


def delivered(folder: Path, events: list[Event], exposures: list[Exposure], *, through: datetime) -> None:
    for name, rows, text, take in (
        ("exposures.csv", exposures, exposures_csv, import_exposures),
        ("events.csv", events, events_csv, import_events),
    ):
        (folder / name).write_text(text(rows))  # type: ignore[operator]
        if rows:
            more = {"complete_through": through} if take is import_events else {}
            take(path=folder / name, name=name, progress=Progress(), **more)
    feeds.complete(events=EVENTS, through=through)


def readout(experiment: Experiment, **options) -> dict:
    return analyse(experiment=Experiment.objects.get(pk=experiment.pk), progress=Progress(), **options).document


def all_at_once(world: World, folder: Path) -> Experiment:
    experiment = started(world, folder)
    delivered(folder, world.events, world.exposures, through=AS_OF)
    return experiment


def agree(document: dict, witness: Witness) -> None:
    """Everything in the document that the witness knows, to nine digits."""
    heads = {row["key"]: (row["customers"], row["contaminated"]) for row in document["variants"]}
    assert heads == {v: (witness.customers[v], witness.contaminated[v]) for v in VARIANTS}
    health = {check["check"]: check for check in document["health"]}
    counts = np.array([witness.customers[v] for v in VARIANTS])
    expected = counts.sum() * np.array(list(SHARES.values()))
    assert health["sample_ratio"]["p_value"] == pytest.approx(stats.chisquare(counts, expected).pvalue, **exactly)
    figures_agree(document, witness)


def figures_agree(document: dict, witness: Witness) -> None:
    metrics = {part["key"]: part for part in document["metrics"]}
    assert set(metrics) == METRICS
    for key, part in metrics.items():
        values = ratio_lines(witness) if key == "order_value" else witness.values(key)
        _variants_agree(key, part, values)
        for row in part["comparisons"]:
            _unadjusted_agrees(key, part["kind"], row, values)
    assert metrics["spend"]["cap"] == pytest.approx(witness.cap(), **exactly)
    _lin_agrees(metrics["revenue"], witness)


def ratio_lines(witness: Witness) -> dict[str, np.ndarray]:
    """Per customer the linearised ratio, whose mean is the ratio and whose variance is the delta method's."""
    money, orders = witness.parts()
    rates = {v: money[v].sum() / orders[v].sum() for v in VARIANTS}
    return {v: rates[v] + (money[v] - rates[v] * orders[v]) / orders[v].mean() for v in VARIANTS}


def _variants_agree(key: str, part: dict, values: dict[str, np.ndarray]) -> None:
    for row in part["variants"]:
        own = values[row["variant"]]
        found = (row["n"], row["mean"], row["variance"])
        assert found == pytest.approx((len(own), own.mean(), own.var(ddof=1)), **exactly), (key, row["variant"])


def _unadjusted_agrees(key: str, kind: str, row: dict, values: dict[str, np.ndarray]) -> None:
    one, two = values[CONTROL], values[row["variant"]]
    found = row["unadjusted"]
    is_share = kind in ("proportion", "retention")
    expected = (numbers.newcombe if is_share else numbers.welch)(one, two)
    told = {**found["absolute"], "p": found["p_value"]}
    assert {name: told[name] for name in expected} == pytest.approx(expected, **exactly), (key, row["variant"])
    if not is_share and numbers.is_unbounded(one):
        assert (found["lift"]["estimate"], found["lift"]["low"], found["lift"]["high"]) == (None, None, None)
        return
    ends = {"log-ratio": numbers.log_ratio, "fieller": numbers.fieller}.get(found["lift"]["method"])
    assert found["lift"]["estimate"] == pytest.approx(two.mean() / one.mean() - 1, **exactly)
    if ends and not is_share:
        assert (found["lift"]["low"], found["lift"]["high"]) == pytest.approx(ends(one, two), rel=1e-8)


def _lin_agrees(part: dict, witness: Witness) -> None:
    y, x = witness.values("revenue"), witness.before()
    for row in part["comparisons"]:
        expected = numbers.lin(y, x, row["variant"])
        assert row["method"] == "lin"
        assert {name: row["absolute"][name] for name in expected} == pytest.approx(expected, **exactly)


def families_agree(document: dict, witness: Witness) -> None:
    """Benjamini and Hochberg over the secondary metrics, by SciPy, on the p-values that fit the intervals."""
    rows = [(part, row) for part in document["metrics"] if part["role"] == "secondary" for row in part["comparisons"]]
    p = []
    for part, row in rows:
        if part["kind"] in ("proportion", "retention"):
            values = witness.values(part["key"])
            p.append(numbers.newcombe_p(values[CONTROL], values[row["variant"]]))
        else:
            p.append(row["p_value"])
    assert len(p) == 5 * len(TREATMENTS)
    expected = stats.false_discovery_control(p)
    assert [row["multiplicity"]["p_value"] for _part, row in rows] == pytest.approx(list(expected), rel=1e-7)


def test_one_full_count_gives_the_witness_figures_before_and_after_a_compaction(world, tmp_path):
    experiment = all_at_once(world, tmp_path)
    witness = Witness(world)
    assert sum(witness.contaminated.values()) > 5
    assert witness.customers["today"] < sum(e.variant == "today" for e in world.exposures)

    document = readout(experiment, as_of=AS_OF)
    agree(document, witness)
    families_agree(document, witness)
    for table in ("events", "exposures"):
        store.compact(table)
    agree(readout(experiment, as_of=AS_OF, is_full=True), witness)


def test_while_windows_are_open_only_closed_ones_count(world, tmp_path):
    experiment = all_at_once(world, tmp_path)
    for as_of in (START + 18 * DAY, START + 20 * DAY + 7 * HOUR):
        agree(readout(experiment, as_of=as_of), Witness(world, as_of=as_of))


def test_day_after_day_gives_the_same_and_what_comes_too_late_waits_for_a_full_count(world, tmp_path):
    experiment = started(world, tmp_path)
    begins = START - 60 * DAY
    for day in (3, 4, 5, 9, 14, 15, 22, 23, 29, 30, 49):
        ends = START + day * DAY
        events = [e for e in world.events if begins <= e.at < ends]
        exposures = [e for e in world.exposures if begins <= e.at < ends]
        with time_machine.travel(ends + HOUR):
            delivered(tmp_path, events, exposures, through=ends)
            if day in COMPACTED:
                assert store.compact("events") > 0
                store.compact("exposures")
            document = readout(experiment)
        begins = ends
    assert begins == AS_OF
    agree(document, Witness(world))
    assert _late(document)["status"] == "pass"

    stays, gone, *others = _people(world)
    (returned, seen), (spent, met) = others
    late = [Event(returned, "session", seen + DAY + HOUR, None), Event(spent, "purchase", met + HOUR, 500.0)]
    with time_machine.travel(AS_OF + 2 * HOUR):
        delivered(tmp_path, late, [], through=AS_OF)
        merge([(ensure([gone])[0], ensure([stays])[0])], cause="alias")
        document = readout(experiment)
        counted = Witness(world)
        assert _late(document)["message"].startswith("3 events, exposures or merges")
        figures_agree(document, counted)
        world.events += late
        world.same_person[gone] = stays
        agree(readout(experiment, is_full=True), Witness(world, frozen_cap=counted.cap()))


def _late(document: dict) -> dict:
    return next(check for check in document["health"] if check["check"] == "late_events")


def _people(world: World) -> tuple[str, str, tuple[str, datetime], tuple[str, datetime]]:
    """Two who will turn out to be one and met different variants, the first met first; and two others, with when."""
    inside = sorted(Witness(world).first.items(), key=lambda one: one[1][1])
    (first, (variant, _)), *others = inside
    second = next(person for person, (own, _) in others if own != variant)
    left = [(person, at) for person, (_, at) in others if person != second]
    return first, second, left[0], left[1]
