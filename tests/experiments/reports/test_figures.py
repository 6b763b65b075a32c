"""The forest plot: what is drawn, in which order, and what stands beside it in words."""

import math

import pytest

from experiments.reports.figures import forest_figure, forest_title
from experiments.reports.results import metric_results
from tests.experiments.builders import column, imported, mismatched

pytestmark = pytest.mark.django_db


def results_of(experiment):
    return metric_results(experiment.readouts.first().document, list(experiment.variants.all()))


def test_each_metric_begins_with_its_control_in_words_and_the_primary_comes_first(tmp_path):
    figure = forest_figure(results_of(imported(tmp_path, primary="spend")))

    assert [row["label"] for row in figure["rows"]] == [
        "Primary: spend", "Control: none", "mail", "Secondary: bought", "Control: none", "mail",
    ]  # fmt: skip
    control = column(tmp_path / "mails.csv", "none", "bought").mean()
    assert figure["rows"][4]["interval"] == f"{100 * control:.1f}%"
    assert [row["verdict"] for row in figure["rows"] if row.get("verdict")] == ["▲ Better", "▲ Better"]


def test_the_marks_stand_at_the_lift_and_the_bars_at_the_decision_interval(tmp_path):
    experiment = imported(tmp_path)
    document = experiment.readouts.first().document

    figure = forest_figure(results_of(experiment))

    mail, none = (column(tmp_path / "mails.csv", name, "bought").mean() for name in ("mail", "none"))
    (trace,) = figure["data"]
    comparison = document["metrics"][0]["comparisons"][0]
    assert trace["x"][0] == pytest.approx(100 * (mail / none - 1))
    assert trace["x"][0] - trace["error_x"]["arrayminus"][0] == pytest.approx(
        100 * comparison["decision"]["lift"]["low"]
    )
    assert trace["x"][0] + trace["error_x"]["array"][0] == pytest.approx(100 * comparison["decision"]["lift"]["high"])
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [0.0]


def test_each_treatment_has_its_own_colour_and_mark(tmp_path):
    experiment = imported(tmp_path, rates={"none": 0.3, "mail": 0.5, "push": 0.3}, rows=600)

    traces = forest_figure(results_of(experiment))["data"]

    assert [(trace["marker"]["color"], trace["marker"]["symbol"]) for trace in traces] == [
        ("var(--v1)", "circle"), ("var(--v2)", "triangle-up"),
    ]  # fmt: skip


def test_a_lift_that_cannot_be_given_leaves_the_difference_in_words(tmp_path):
    experiment = imported(tmp_path, rates={"none": 0.0, "mail": 0.5})

    figure = forest_figure(results_of(experiment))

    drawn = {y for trace in figure["data"] for y in trace["y"]}
    row = next(row for row in figure["rows"] if row["label"] == "mail")
    assert row["y"] not in drawn
    assert row["value"].endswith("\N{NO-BREAK SPACE}pp")
    assert all(math.isfinite(x) for trace in figure["data"] for x in trace["x"])


def test_the_title_says_what_the_primary_metric_says_and_who_agrees(tmp_path):
    agreeing = results_of(imported(tmp_path, key="agreeing"))
    unclear = results_of(imported(tmp_path, key="unclear", rates={"none": 0.30, "mail": 0.31}))

    assert forest_title(agreeing) == "mail is better on bought, and on spend too"
    assert forest_title(unclear) == "mail shows no clear difference on bought, and on spend too"
    assert forest_title(agreeing[:1] + unclear[1:]) == "mail is better on bought"


def test_an_invalid_result_has_nothing_to_draw(tmp_path):
    results = results_of(mismatched(tmp_path))

    assert [metric.has_effects for metric in results] == [False, False]
    assert forest_figure(results)["data"] == []
