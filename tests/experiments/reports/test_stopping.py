"""The course of the primary metric, as the page and its CSV show it: sentence, days, and nothing while sealed."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from engagement.core.jobs import Progress
from experiments.reports.stopping import Course, DayRow, stopping
from experiments.services.analysis import analyse
from tests.experiments.builders import imported, live, mismatched
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
AS_OF = datetime(2026, 7, 18, tzinfo=UTC)
ROW = DayRow(1, AS_OF.date(), 10, 10, 0.0, -1.0, 1.0, None)


def course(*limits: tuple[float, float]) -> Course:
    days = [replace(ROW, number=number, low=low, high=high) for number, (low, high) in enumerate(limits, start=3)]
    return Course("A", 1, days)


@pytest.mark.parametrize(
    ("limits", "since"),
    [
        ([(-1, 1), (-1, 2)], None),
        ([(-1, 1), (0.1, 2), (0.2, 1)], 4),
        ([(0.1, 2), (-0.1, 2), (0.2, 1)], 5),
        ([(0.1, 2), (-2, -0.1)], 4),
        ([(-3, -1), (-2, -0.1)], 3),
        ([(0.0, 1), (0.0, 1)], None),
    ],
)
def test_clear_since_is_the_day_from_which_zero_stays_out_without_a_break(limits, since):
    assert course(*limits).clear_since == since


def shown(experiment, as_of=AS_OF):
    readout = analyse(experiment=experiment, as_of=as_of, progress=Progress())
    return stopping(readout, experiment, list(experiment.variants.all())), readout


def rows_by_day(folder) -> dict[int, list[int]]:
    """Per day since the start (1 is the first) orders and customers whose day has closed: treatment, then control."""
    lines = (folder / "exposures.csv").read_text().splitlines()[1:]
    bought = {line.split(",")[0] for line in (folder / "events.csv").read_text().splitlines()[1:]}
    found = {day: [0, 0, 0, 0] for day in range(1, 13)}
    for line in lines:
        _key, customer, variant, at = line.split(",")
        closes = (datetime.fromisoformat(at) - datetime(2026, 7, 6, tzinfo=UTC)).total_seconds() / 86_400 + 1
        for day, counts in found.items():
            if closes <= day:
                side = 0 if variant == "short" else 2
                counts[side] += customer in bought
                counts[side + 1] += 1
    return found


def test_the_course_is_that_of_the_rows_and_its_sentence_names_the_day(tmp_path):
    found, _readout = shown(live(tmp_path, rates=(0.1, 0.5)))

    (line,) = found.courses
    counted = rows_by_day(tmp_path)
    assert [row.number for row in line.days] == sorted(counted)[13 - len(line.days) - 1 :]
    for row in line.days:
        orders, customers, control_orders, control = counted[row.number]
        assert (row.customers, row.control_customers) == (customers, control)
        assert row.value == pytest.approx(100 * (orders / customers - control_orders / control))
        assert row.low < row.value < row.high
    clear = [row.number for row in line.days if row.low > 0]
    assert found.title == f"short stays above zero from day {clear[0]}"
    assert clear == list(range(clear[0], 13))
    assert (found.unit, found.metric) == ("pp", "ordered")


def test_an_effect_that_is_not_there_leaves_zero_in_the_range(tmp_path):
    found, _readout = shown(live(tmp_path, rates=(0.2, 0.2)))

    assert found.title == "The range of short still holds zero"


def test_the_figure_draws_line_limits_zero_band_and_the_latest_end(tmp_path):
    experiment = live(tmp_path, extra="sealed_until = 2026-07-16")

    found, readout = shown(experiment)

    (line,), (figure,) = found.courses, found.figures
    hatched, limits, middle, last = figure["data"]
    assert (min(hatched["x"]), max(hatched["x"])) == (line.days[0].number, 10.0)
    assert middle["y"] == [row.value for row in line.days]
    assert limits["y"] == [row.high for row in line.days] + [row.low for row in reversed(line.days)]
    assert (last["x"], last["y"]) == ([12], [line.last.value])
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["planned minimum", "latest end", "sealed"]
    band, zero, opened, ends = figure["layout"]["shapes"]
    control = readout.document["metrics"][0]["variants"][0]["mean"]
    assert (band["y0"], band["y1"]) == pytest.approx((-20 * control, 20 * control))
    assert (zero["y0"], zero["y1"], opened["x0"], ends["x0"]) == (0.0, 0.0, 10.0, 14.0)
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < 0 < line.last.high < high


def test_a_sealed_an_invalid_and_a_one_day_result_have_no_course(tmp_path, client):
    client.force_login(MemberFactory())
    experiment = live(tmp_path, extra="sealed_until = 2026-07-19")
    found, _readout = shown(experiment)
    files = [client.get("/experiments/live/by-day.csv").content.decode()]
    for one in (mismatched(tmp_path), imported(tmp_path)):
        readout = one.readouts.first()
        assert stopping(readout, one, list(one.variants.all())) is None
    files.append(client.get("/experiments/mismatched/by-day.csv").content.decode())

    assert found is None
    assert [len(text.splitlines()) for text in files] == [1, 1]
    page = client.get("/experiments/live/results/").content.decode()
    assert "May we stop?" not in page


def test_the_csv_holds_the_numbers_of_the_page(tmp_path, client):
    client.force_login(MemberFactory())
    found, _readout = shown(live(tmp_path))

    rows = list(csv.DictReader(io.StringIO(client.get("/experiments/live/by-day.csv").content.decode())))

    days = found.courses[0].days
    assert [(int(row["day"]), row["date"], row["variant"], row["unit"]) for row in rows] == [
        (day.number, day.day.isoformat(), "short", "pp") for day in days
    ]
    numbers = [[float(row[name]) for name in ("difference", "difference_low", "difference_high")] for row in rows]
    assert np.allclose(numbers, [[day.value, day.low, day.high] for day in days])
    assert "May we stop?" in client.get("/experiments/live/results/").content.decode()
