import json
from pathlib import Path

import pytest

from tests.oracles.__main__ import main
from tests.oracles.entries import departures, read
from tests.oracles.families import FAMILIES, failure

VECTORS = Path(__file__).with_name("statistics_vectors.json")
ANSWERED = [entry for entry in read(VECTORS) if entry["family"] in FAMILIES]


@pytest.mark.parametrize("entry", ANSWERED, ids=lambda entry: entry["id"])
def test_statistics_agree_with_the_vector(entry):
    assert failure(entry) is None


def test_runner_counts_unknown_families_and_wrong_numbers_as_failures(tmp_path, capsys):
    right = {"id": "a", "family": "srm_chi2", "inputs": {"observed": [5, 5], "weights": [0.5, 0.5]}}
    entries = [
        right | {"expected": {"chi2": 0.0}, "tolerance": 1e-9},
        right | {"id": "b", "expected": {"chi2": 1.0}, "tolerance": 1e-9},
        right | {"id": "c", "family": "astrology", "expected": {}, "tolerance": 1e-9},
        right | {"id": "d", "inputs": {}, "expected": {}, "tolerance": 1e-9},
    ]
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps(entries))

    code = main([str(path)])

    lines = capsys.readouterr().out.splitlines()
    assert (code, lines[-1]) == (1, "1 passed, 3 failed")
    assert [line[:2] for line in lines[:-1]] == ["b:", "c:", "d:"]


def test_tolerance_is_absolute_below_one_and_relative_above():
    assert not list(departures({"a": 0.001, "b": 1000.0}, {"a": 0.0015, "b": 1000.9}, 0.001))
    assert len(list(departures({"a": 0.001, "b": 1000.0}, {"a": 0.0025, "b": 1002.0}, 0.001))) == 2


def test_open_ends_missing_answers_and_lengths_are_told_apart():
    assert not list(departures([None, 2.0], [float("-inf"), 2.0], 0))
    assert len(list(departures([None, 2.0], [1.0, 2.0], 0))) == 1
    assert len(list(departures({"a": 1.0}, {}, 0))) == 1
    assert len(list(departures([1.0, 2.0], [1.0], 0))) == 1
