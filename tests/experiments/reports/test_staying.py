"""Retention curves: every point held against loops over the files, and nothing shown where nothing may be."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from scipy import stats as scipy_stats

from engagement.core.jobs import Progress
from experiments.models import Readout
from experiments.reports.staying import staying, stays
from experiments.services.analysis import analyse
from tests.experiments.builders import imported, returning
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
AS_OF = datetime(2026, 8, 10, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def found(tmp_path):
    experiment, people = returning(tmp_path)
    readout = analyse(experiment=experiment, as_of=AS_OF, progress=Progress())
    return readout, list(experiment.variants.all()), people


def test_every_point_is_that_of_the_rows_with_wilsons_interval(found):
    readout, variants, people = found

    shown = stays(readout, variants)

    assert [stay.name for stay in shown] == ["today", "short"]
    for stay in shown:
        own = [(at, visits) for variant, at, visits in people.values() if variant == stay.name]
        for point in stay.days:
            closed = [(at, visits) for at, visits in own if at + (point.day + 1) * DAY <= AS_OF]
            back = sum(any(0 <= (v - at) // DAY == point.day for v in visits) for at, visits in closed)
            assert (point.customers, point.retained) == (len(closed), back)
            interval = scipy_stats.binomtest(back, len(closed)).proportion_ci(method="wilson")
            assert (point.low, point.high) == pytest.approx((100 * interval.low, 100 * interval.high))
        assert stay.last.customers >= 30
    # The curve ends before the first day that fewer than 30 customers of a variant have behind them.
    after = (len(shown[0].days) + 1) * DAY
    closed = [sum(at + after <= AS_OF for own, at, _ in people.values() if own == stay.name) for stay in shown]
    assert min(closed) < 30


def test_the_page_draws_the_curves_says_what_they_do_and_gives_the_table(found, client):
    readout, variants, _people = found
    client.force_login(MemberFactory())

    shown = staying(readout, variants)
    page = client.get("/experiments/live/results/").content.decode()
    rows = list(csv.DictReader(io.StringIO(client.get("/experiments/live/retention.csv").content.decode())))

    bands, lines = shown.figure["data"][::2], shown.figure["data"][1::2]
    assert [line["y"] for line in lines] == [[day.percent for day in stay.days] for stay in shown.curves]
    assert [band["y"][0] for band in bands] == [stay.days[0].high for stay in shown.curves]
    assert "Do people stay?" in page
    assert shown.title in page
    told = [(row["variant"], int(row["day"]), int(row["customers"]), int(row["retained"])) for row in rows]
    assert told == [(s.name, d.day, d.customers, d.retained) for s in shown.curves for d in s.days]


def test_sealed_invalid_and_without_a_retention_metric_there_is_no_curve(found, tmp_path, client):
    readout, variants, _people = found
    Readout.objects.filter(pk=readout.pk).update(series={})
    client.force_login(MemberFactory())
    assert client.get("/experiments/live/retention.csv").content.decode().splitlines() == [
        "metric,variant,day,customers,retained,share,share_low,share_high"
    ]
    readout.document["health"] = [{"check": "sample_ratio", "status": "fail", "message": ""}]
    assert stays(readout, variants) == []
    one = imported(tmp_path)
    assert staying(one.readouts.first(), list(one.variants.all())) is None
