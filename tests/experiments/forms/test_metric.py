"""A metric's form: what is not typed there stays as it was."""

from dataclasses import replace

import pytest

from experiments.forms.metric import MetricForm
from experiments.metrics.definition import Measure, MetricDefinition
from experiments.metrics.library import LIBRARY
from experiments.models import RegisteredMetric
from experiments.services import registry

pytestmark = pytest.mark.django_db


def sent(metric: RegisteredMetric, **changes) -> MetricForm:
    """The form as a browser sends back what it was shown, with changes."""
    shown = MetricForm.of(metric)
    data = {name: shown[name].value() for name in shown.fields}
    data = {name: value for name, value in data.items() if value is not None and value is not False}
    return MetricForm({**data, **changes}, before=metric.definition)


@pytest.mark.parametrize("key", [one.definition.key for one in LIBRARY])
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


ORDER_VALUE = {
    "key": "order_value", "name": "Order value", "words": "What an order is worth.", "kind": "ratio", "event": "order",
    "over": "order", "from_day": 0, "to_day": 14, "unit": "EUR", "direction": "up",
}  # fmt: skip


def test_a_ratio_is_one_sum_over_another():
    made = MetricForm(ORDER_VALUE)
    sessions = MetricForm({**ORDER_VALUE, "counted": "on", "over": "session_end", "over_valued": "on"})
    bare = MetricForm({**ORDER_VALUE, "over": " "})

    assert made.is_valid(), made.errors
    assert made.values()["definition"] == MetricDefinition(
        "order_value", "ratio", window_s=14 * 86_400, unit="EUR",
        numerator=Measure("order"), denominator=Measure("order", value=False),
    )  # fmt: skip
    assert sessions.is_valid(), sessions.errors
    assert [side.value for side in sessions.values()["definition"].measures] == [False, True]
    assert bare.non_field_errors() == ["This contradicts itself: a ratio is divided by another event."]


def test_a_quantile_says_which():
    made = MetricForm({**ORDER_VALUE, "kind": "quantile", "quantile": "0.9"})
    bare = MetricForm({**ORDER_VALUE, "kind": "quantile"})

    assert made.is_valid(), made.errors
    assert made.values()["definition"] == MetricDefinition(
        "order_value", "quantile", "order", window_s=14 * 86_400, unit="EUR", quantile=0.9
    )
    assert not bare.is_valid()
