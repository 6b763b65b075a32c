"""A metric's form: what is not typed there stays as it was."""

from dataclasses import replace

import pytest

from experiments.forms.metric import PAGE_KINDS, MetricForm
from experiments.metrics.library import LIBRARY
from experiments.models import RegisteredMetric
from experiments.services import registry

pytestmark = pytest.mark.django_db
ON_THE_PAGE = [one.definition.key for one in LIBRARY if one.definition.kind in dict(PAGE_KINDS)]


def sent(metric: RegisteredMetric, **changes) -> MetricForm:
    """The form as a browser sends back what it was shown, with changes."""
    shown = MetricForm.of(metric)
    data = {name: shown[name].value() for name in shown.fields}
    data = {name: value for name, value in data.items() if value is not None and value is not False}
    return MetricForm({**data, **changes}, before=metric.definition)


@pytest.mark.parametrize("key", ON_THE_PAGE)
def test_a_standard_metric_sent_back_unchanged_counts_what_it_counted(key):
    metric = registry.add_standard(key=key, actor=None)

    form = sent(metric)

    assert form.is_valid(), form.errors
    assert form.values()["definition"] == metric.definition


def test_a_change_of_one_field_changes_that_one_only():
    metric = registry.add_standard(key="revenue_28", actor=None)

    form = sent(metric, to_day="14")

    assert form.is_valid(), form.errors
    assert form.values()["definition"] == replace(metric.definition, window_s=14 * 86_400)
    assert metric.definition.winsorise == 0.999


def test_hours_that_show_as_a_day_stay_hours():
    definition = replace(
        registry.add_standard(key="orders_28", actor=None).definition, key="hours", window_s=36 * 3_600
    )
    metric = registry.add(definition=definition, name="Orders in 36 hours", words="Orders.", actor=None)

    form = sent(metric, name="Orders soon")

    assert form.is_valid(), form.errors
    assert form.values()["definition"].window_s == 36 * 3_600
