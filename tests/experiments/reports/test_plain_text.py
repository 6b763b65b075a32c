"""A readout in the terminal: the interval the verdict rests on, and no effect where the page shows none."""

import pytest

from engagement.core.templatetags.formats import percent, signed
from experiments.reports.plain_text import readout_text
from tests.experiments.builders import imported, mismatched

pytestmark = pytest.mark.django_db


def test_the_interval_is_the_one_the_decision_rests_on(tmp_path):
    document = imported(tmp_path).readouts.get().document
    comparison = document["metrics"][0]["comparisons"][0]
    comparison["decision"].update(low=0.0123, high=0.4567)

    text = readout_text(document)

    assert f"{signed(comparison['absolute']['estimate'])} ({signed(0.0123)} to {signed(0.4567)})" in text
    assert f"({signed(comparison['absolute']['low'])} to" not in text
    assert f"none: {percent(document['metrics'][0]['variants'][0]['mean'])} of 200 customers" in text


def test_an_invalid_result_shows_no_effect_and_no_means(tmp_path):
    document = mismatched(tmp_path).readouts.get().document

    lines = readout_text(document).splitlines()

    assert "  mail against none: invalid" in lines
    assert "  none: 360 customers" in lines
    assert not any("lift" in line for line in lines)


def test_before_the_plan_is_reached_there_is_a_verdict_and_no_effect(tmp_path):
    document = imported(tmp_path).readouts.get().document
    for metric in document["metrics"]:
        for comparison in metric["comparisons"]:
            comparison.update(verdict="not enough data yet", decision=None)

    lines = readout_text(document).splitlines()

    assert lines.count("  mail against none: not enough data yet") == 2
    assert lines.count("  mail: 200 customers") == 2
    assert not any("lift" in line for line in lines)
