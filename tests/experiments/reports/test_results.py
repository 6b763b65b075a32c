"""What the Results page, its table and its CSV show: numbers held against the rows, none where none may be shown."""

import pytest
from scipy import stats as scipy_stats

from experiments.reports.results import TABLE_HEADER, health_items, metric_results, table_rows
from tests.experiments.builders import column, imported, mismatched

pytestmark = pytest.mark.django_db


def results_of(experiment):
    return metric_results(experiment.readouts.first().document, list(experiment.variants.all()))


def table(experiment) -> list[dict]:
    return [dict(zip(TABLE_HEADER, row, strict=True)) for row in table_rows(results_of(experiment))]


def test_the_table_holds_the_welch_interval_of_the_rows(tmp_path):
    experiment = imported(tmp_path, primary="spend")

    row = table(experiment)[0]

    mail, none = (column(tmp_path / "mails.csv", name, "spend") for name in ("mail", "none"))
    interval = scipy_stats.ttest_ind(mail, none, equal_var=False).confidence_interval(0.95)
    words = ("metric", "role", "variant", "control", "unit", "verdict")
    assert {name: row[name] for name in words} == {
        "metric": "spend", "role": "primary", "variant": "mail", "control": "none", "unit": "EUR", "verdict": "better",
    }  # fmt: skip
    assert (row["customers"], row["control_customers"]) == (200, 200)
    assert (row["mean"], row["control_mean"]) == pytest.approx((mail.mean(), none.mean()))
    assert row["difference"] == pytest.approx(mail.mean() - none.mean())
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((interval.low, interval.high))
    assert row["lift"] == pytest.approx(mail.mean() / none.mean() - 1)


def test_two_treatments_get_the_interval_of_dunnetts_family(tmp_path):
    experiment = imported(tmp_path, rates={"none": 0.3, "mail": 0.5, "push": 0.32}, primary="spend", rows=600)

    rows = [row for row in table(experiment) if row["metric"] == "spend"]

    values = {name: column(tmp_path / "mails.csv", name, "spend") for name in ("none", "mail", "push")}
    pooled = scipy_stats.dunnett(values["mail"], values["push"], control=values["none"], rng=1)
    family = pooled.confidence_interval(0.95)
    alone = scipy_stats.ttest_ind(values["mail"], values["none"], equal_var=False).confidence_interval(0.95)
    assert [row["variant"] for row in rows] == ["mail", "push"]
    # SciPy pools the variances and ours are Welch's: near, and wider than the comparison by itself.
    assert rows[0]["difference_low"] == pytest.approx(family.low[0], rel=0.1)
    assert rows[0]["difference_high"] - rows[0]["difference_low"] > alone.high - alone.low


def test_the_primary_metric_comes_first_whatever_its_place_in_the_file(tmp_path):
    experiment = imported(tmp_path, primary="spend")

    assert [(metric.key, metric.is_primary) for metric in results_of(experiment)] == [
        ("spend", True),
        ("bought", False),
    ]


def test_an_invalid_result_shows_counts_and_no_number_that_gives_the_effect_away(tmp_path):
    experiment = mismatched(tmp_path)

    rows = table(experiment)

    numbers = [name for name in TABLE_HEADER if name.startswith(("mean", "control_mean", "difference", "lift"))]
    assert [row["verdict"] for row in rows] == ["invalid", "invalid"]
    assert {row[name] for row in rows for name in numbers} == {None}
    assert [(row["customers"], row["control_customers"]) for row in rows] == [(40, 360)] * 2
    assert experiment.readouts.first().document["metrics"][0]["comparisons"][0]["absolute"]["estimate"] is not None


def test_health_is_told_in_words(tmp_path):
    items = health_items(mismatched(tmp_path).readouts.first().document)

    assert [(item.title, item.status, item.word) for item in items] == [
        ("Sample ratio", "fail", "Failed"), ("Contamination", "pass", "Passed"),
    ]  # fmt: skip
    assert items[0].message == "Sample ratio mismatch: 360 : 40 customers do not fit the planned shares 0.5 : 0.5."
