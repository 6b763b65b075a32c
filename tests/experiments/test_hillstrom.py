"""Hillstrom's e-mail experiment (64,000 customers) from the command line: figures that others can check."""

import json
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "hillstrom.csv.gz"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the public data sets are not beside the project")
SIX_DIGITS = 5e-7


@pytest.fixture
def document(installation) -> dict:
    metrics = ["visit:proportion", "conversion:proportion", "spend:mean"]
    options = [part for metric in metrics for part in ("--metric", metric)]
    said = installation.run(
        "import_results", "hillstrom", str(DATA), "--variant", "segment", "--control", "No E-Mail", *options,
        "--primary", "spend",
    )  # fmt: skip
    assert "64,000 customers in 3 variants imported and analysed." in said
    return json.loads(installation.run("readout", "hillstrom", "--format", "json"))


def unadjusted(document: dict, metric: str, variant: str) -> dict[str, float]:
    part = next(part for part in document["metrics"] if part["key"] == metric)
    row = next(row for row in part["comparisons"] if row["variant"] == variant)["unadjusted"]
    return {**row["absolute"], "p": row["p_value"], "lift": row["lift"]["estimate"]}


def test_the_published_figures_come_back_to_six_digits(document):
    expected = {
        ("spend", "Mens E-Mail"): {
            "estimate": 0.7698271559, "se": 0.1452465602, "p": 1.163814968e-07, "low": 0.4851397326,
            "high": 1.054514579, "lift": 1.17928877,
        },
        ("spend", "Womens E-Mail"): {"estimate": 0.4244122159, "p": 0.001129397102},
        ("conversion", "Womens E-Mail"): {
            "estimate": 0.003111057511, "low": 0.001501657132, "high": 0.004745471314, "p": 0.0001571051291,
        },
        ("visit", "Mens E-Mail"): {"estimate": 0.07658956365},
    }  # fmt: skip
    for (metric, variant), figures in expected.items():
        found = unadjusted(document, metric, variant)
        assert {name: found[name] for name in figures} == pytest.approx(figures, rel=SIX_DIGITS), (metric, variant)

    health = {check["check"]: check for check in document["health"]}
    assert health["sample_ratio"]["p_value"] == pytest.approx(0.9036929576, rel=SIX_DIGITS)
    assert {check["status"] for check in health.values()} == {"pass"}
    spend = next(part for part in document["metrics"] if part["key"] == "spend")
    mens = next(row for row in spend["comparisons"] if row["variant"] == "Mens E-Mail")
    assert mens["verdict"] == "better"
    assert [row["customers"] for row in document["variants"]] == [21306, 21387, 21307]
