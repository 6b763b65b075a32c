"""Guardrails, money per customer and subgroups beside the verdicts, against numpy on the rows of the files."""

import csv
import io
import re
from datetime import timedelta

import numpy as np
import pytest

from engagement.core.jobs import Progress
from engagement.customers.services.customer_imports import import_customers
from experiments.models import Experiment, Readout
from experiments.reports import beside
from tests.experiments.builders import live
from tests.experiments.services.test_live_experiment import CUSTOMERS, LATER, Rows, document, start
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(tmp_path) -> Rows:
    lines = [f"c{n},{'paid' if n % 3 == 0 else 'free'}\n" for n in range(CUSTOMERS)]
    (tmp_path / "customers.csv").write_text("customer_id,plan\n" + "".join(lines))
    import_customers(path=tmp_path / "customers.csv", name="customers.csv", progress=Progress())
    return Rows(tmp_path)


@pytest.fixture
def experiment(tmp_path, rows) -> Experiment:
    made = start(tmp_path, rows, extra='subgroups = ["plan"]')
    document(made)
    return Experiment.objects.get()


@pytest.fixture
def found(experiment) -> dict:
    return Readout.objects.get().document


def complained(rows, variant) -> np.ndarray:
    return (rows.totals(variant, "complaint", ends=14, counted=True) > 0).astype(float)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_guardrail_stands_with_its_bound_in_the_unit_it_was_set_in(experiment, found, rows):
    [row] = beside.guardrails(found, list(experiment.metrics.all()), list(experiment.variants.all()))

    difference = 100 * (complained(rows, "short").mean() - complained(rows, "today").mean())
    assert (row.metric, row.variant, row.unit) == ("complained", "short", "pp")
    assert row.value == pytest.approx(difference)
    assert row.low < row.value < row.high
    assert row.bound == pytest.approx(5.0)  # margin_absolute = 0.05, and less is better
    assert row.passed == (row.worst < row.bound)
    assert beside.guardrail_title([row]).startswith("No treatment does harm" if row.passed else "Not shown")
    [figure] = beside.guardrail_figures([row])
    assert [shape["x1"] for shape in figure["layout"]["shapes"] if shape["name"] == "band"] == [pytest.approx(5.0)]


def test_money_per_customer_counts_buyers_and_others_alike(experiment, found, rows):
    rows_told = beside.amounts(found, list(experiment.variants.all()))
    told = {row.variant: row for row in rows_told if row.metric == "revenue"}

    for variant in ("today", "short"):
        money = np.minimum(rows.totals(variant, "purchase", ends=14), 60.0)
        half = 1.959964 * money.std(ddof=1) / np.sqrt(len(money))
        row = told[variant]
        assert (row.customers, row.unit) == (len(money), "EUR")
        assert (row.value, row.low, row.high) == pytest.approx((money.mean(), money.mean() - half, money.mean() + half))
        assert row.uncapped == pytest.approx(rows.totals(variant, "purchase", ends=14).mean())


def test_b7_4_a_subgroup_has_an_interval_and_no_verdict(experiment, found, rows):
    [one] = beside.subgroups(found, list(experiment.variants.all()))

    assert (one.name, [row.value for row in one.rows]) == ("plan", ["free", "paid"])
    assert sum(row.customers for row in one.rows) == CUSTOMERS
    assert all(row.low < row.estimate < row.high for row in one.rows)
    assert one.sentence in (
        "That the effects differ is not shown: read no single one as a finding.",
        "The effect of short differs between them.",
    )
    assert not hasattr(one.rows[0], "verdict")
    drawn = [(trace["x"], trace["error_x"]["arrayminus"]) for trace in one.figure["data"]]
    assert drawn == [([row.shown[0] for row in one.rows], [row.shown[0] - row.shown[1] for row in one.rows])]
    assert [(row["label"], row["verdict"]) for row in one.figure["rows"]] == [
        (row.value, f"{row.customers:,}") for row in one.rows
    ]


def test_the_page_shows_all_three_and_each_has_its_table_as_csv(client, experiment):
    client.force_login(MemberFactory())

    page = text_of(client.get("/experiments/welcome/results/"))

    for title in ("Guardrails", "Money per customer", "Declared subgroup: plan"):
        assert f"<h2>{title}</h2>" in page
    for name, columns in (("guardrails", "bound"), ("amounts", "uncapped"), ("subgroups", "subgroup")):
        rows = list(csv.DictReader(io.StringIO(client.get(f"/experiments/welcome/tables/{name}.csv").content.decode())))
        assert rows, name
        assert columns in rows[0]
    assert client.get("/experiments/welcome/tables/nothing.csv").status_code == 404


def test_the_planned_minimum_effect_is_shaded_on_the_primary_metric(client, tmp_path):
    document(live(tmp_path))
    client.force_login(MemberFactory())

    page = client.get("/experiments/live/results/").content.decode()

    assert '"name": "band"' in page
    assert '"x0": -20.0, "x1": 20.0' in page


def test_while_sealed_health_is_told_and_no_effect(client, tmp_path):
    sealed = LATER + timedelta(days=900)
    document(live(tmp_path, extra=f"sealed_until = {sealed:%Y-%m-%dT%H:%M:%SZ}"))
    client.force_login(MemberFactory())

    page = text_of(client.get("/experiments/live/health/"))

    assert "Sealed until" in page
    assert "Expected and observed" in page
    assert not re.search(r'class="estimate', page)
    csvs = [
        client.get(f"/experiments/live/tables/{name}.csv").content for name in ("guardrails", "amounts", "subgroups")
    ]
    assert [len(one.splitlines()) for one in csvs] == [1, 1, 1]
