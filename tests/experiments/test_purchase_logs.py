"""Two real purchase logs, imported as events and asked what any shop asks; every figure held against pandas.

Both hold exact repeats of a row, which are real orders: 255 of CDNOW's, 6,007 of Online Retail's lines, of which 5,301
name their customer.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.conf import settings

from engagement.core.jobs import Progress
from engagement.customers.models import StateCount
from engagement.customers.services import states
from engagement.customers.services.event_imports import import_events
from engagement.customers.states import StateRule, state_of
from engagement.warehouse.engines import connect
from experiments.services.analysis import analyse
from experiments.services.exposure_imports import import_exposures
from experiments.services.loading import load

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason="the public data sets are not beside the project"),
    pytest.mark.skipif(
        not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
        reason="which database holds the customers makes no difference to the store",
    ),
]
PLAN = """
[experiment]
key = "log"
name = "Odd against even customers"
control = "even"
shares = { even = 0.5, odd = 0.5 }
starts = START
ends = END
[[metrics]]
key = "revenue"
kind = "mean"
role = "primary"
event = "purchase"
window_days = 90
unit = "CURRENCY"
[[metrics]]
key = "bought_again"
kind = "proportion"
event = "purchase"
threshold = 2
window_days = 90
[[metrics]]
key = "back_in_month_2"
kind = "retention"
event = "purchase"
day = 30
width_days = 30
"""


def cdnow() -> pd.DataFrame:
    log = pd.read_csv(DATA / "cdnow_master.csv.gz", dtype={"customer_id": str}, parse_dates=["date"])
    return log.rename(columns={"date": "at", "dollar_value": "value"})


def online_retail() -> pd.DataFrame:
    log = pd.read_csv(DATA / "online_retail_lines.csv.gz", dtype={"customer_id": str}, parse_dates=["invoice_date"])
    log = log[log.customer_id.notna()].rename(columns={"invoice_date": "at"})
    return log.assign(value=log.quantity * log.unit_price)


LOGS = {
    "cdnow": (cdnow, "USD", 255, "1997-01-01", "1997-04-01", datetime(1998, 1, 1, tzinfo=UTC)),
    "online_retail": (online_retail, "GBP", 5_301, "2010-12-01", "2011-08-01", datetime(2011, 12, 10, tzinfo=UTC)),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_purchase_log_gives_what_pandas_finds_in_it(name, tmp_path):
    read, currency, repeats, starts, ends, as_of = LOGS[name]
    log = read()
    assert log.duplicated().sum() == repeats
    taken = _imported(log, tmp_path, currency)
    first = log.groupby("customer_id")["at"].min()
    experiment = _experiment(first, tmp_path, currency, starts, ends)

    document = analyse(experiment=experiment, as_of=as_of, progress=Progress()).document
    states.count(progress=Progress(), at=as_of)

    assert taken == len(log)
    with connect() as warehouse:
        rows = warehouse.table("events")
        assert warehouse.number(rows.count()) == len(log)
        total = warehouse.rows(rows.aggregate(value=rows.value.sum()))[0]["value"]
    assert total == pytest.approx(log.value.sum())
    _metrics_agree(document, log, first, starts, ends, as_of)
    _states_agree(log, as_of)


def _imported(log: pd.DataFrame, folder: Path, currency: str) -> int:
    path = folder / "events.csv"
    columns = {
        "customer_id": log.customer_id,
        "occurred_at": log["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "value": log.value,
    }
    pd.DataFrame(columns).assign(event="purchase", currency=currency).to_csv(path, index=False)
    return import_events(path=path, name="events.csv", progress=Progress()).new


def _experiment(first: pd.Series, folder: Path, currency: str, starts: str, ends: str):
    path = folder / "exposures.csv"
    odd = first.index.str[-1].astype(int) % 2 == 1
    rows = {
        "customer_id": first.index,
        "exposed_at": first.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "variant": np.where(odd, "odd", "even"),
    }
    pd.DataFrame(rows).assign(experiment="log").to_csv(path, index=False)
    plan = folder / "log.toml"
    plan.write_text(PLAN.replace("START", starts).replace("END", ends).replace("CURRENCY", currency))
    experiment, _changed = load(path=plan, actor=None)
    import_exposures(path=path, name="exposures.csv", progress=Progress())
    return experiment


def _metrics_agree(
    document: dict, log: pd.DataFrame, first: pd.Series, starts: str, ends: str, as_of: datetime
) -> None:
    inside = first[(first >= starts) & (first < ends)].rename("exposed")
    joined = log.merge(inside, left_on="customer_id", right_index=True)
    days = (joined["at"] - joined.exposed) / timedelta(days=1)
    in_90 = joined[days < 90].groupby("customer_id").value.agg(["sum", "count"])
    in_month_2 = joined[(days >= 30) & (days < 60)].groupby("customer_id").size()
    people = pd.DataFrame({"exposed": inside, "odd": inside.index.str[-1].astype(int) % 2 == 1})
    people["revenue"] = in_90["sum"].reindex(people.index).fillna(0.0)
    people["bought_again"] = (in_90["count"].reindex(people.index).fillna(0) >= 2).astype(float)
    people["back_in_month_2"] = (in_month_2.reindex(people.index).fillna(0) > 0).astype(float)
    windows = {"revenue": 90, "bought_again": 90, "back_in_month_2": 60}
    naive = as_of.replace(tzinfo=None)
    for part in document["metrics"]:
        closed = people[people.exposed + timedelta(days=windows[part["key"]]) <= naive]
        for row in part["variants"]:
            own = closed[closed.odd == (row["variant"] == "odd")][part["key"]]
            assert row["n"] == len(own) > 500
            assert (row["mean"], row["variance"]) == pytest.approx((own.mean(), own.var()), rel=1e-9)


def _states_agree(log: pd.DataFrame, as_of: datetime) -> None:
    rule = StateRule(7)
    before = log[log["at"] < as_of.replace(tzinfo=None)]
    age = np.ceil((as_of.replace(tzinfo=None) - before["at"]) / timedelta(days=7))
    active = age.where(age <= rule.intervals).groupby(before.customer_id).nunique()
    found = active.map(lambda count: state_of(count, rule).value).value_counts()
    kept = StateCount.objects.get()
    assert kept.customers == {state: int(found.get(state, 0)) for state in kept.customers}
    assert sum(kept.customers.values()) == before.customer_id.nunique()
