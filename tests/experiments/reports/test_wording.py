"""A metric in words: its name, and when after the exposure an outcome counts."""

import pytest

from experiments.models import Experiment, Metric
from experiments.reports.wording import metric_name, window
from tests.experiments.builders import imported

pytestmark = pytest.mark.django_db
HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("key", "name"),
    [("read_in_week_2", "read in week 2"), ("new-supporter", "new supporter"), ("spend", "spend"), ("_", "_")],
)
def test_a_key_is_shown_as_words(key, name):
    assert metric_name(key) == name


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"window_s": 14 * DAY}, "14 days"),
        ({"window_s": DAY, "from_s": 0}, "1 day"),
        ({"window_s": 36 * HOUR}, "36 hours"),
        ({"window_s": 90}, "90 seconds"),
        ({"window_s": 14 * DAY, "from_s": 7 * DAY}, "From 7 to 14 days after exposure"),
        ({"window_s": 29 * DAY, "from_s": 28 * DAY}, "From 28 to 29 days after exposure"),
        ({"window_s": 2 * DAY, "from_s": 12 * HOUR}, "From 12 to 48 hours after exposure"),
        ({"window_s": None}, "No end: a running total"),
        ({"window_s": None, "from_s": 7 * DAY}, "A running total from 7 days after exposure"),
    ],
)
def test_the_window_tells_from_when_and_until_when(columns, words):
    experiment = Experiment.objects.create(key="live", name="Live")

    assert window(Metric(experiment=experiment, key="m", columns=columns)) == words


def test_the_window_of_imported_results_closed_with_their_file(tmp_path):
    metric = imported(tmp_path).metrics.first()
    metric.columns["window_s"] = DAY  # whatever number stands there

    assert window(metric) == "Closed when the file was made"
