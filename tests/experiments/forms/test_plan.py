"""The plan's form: rows that count and rows that do not, shares, days, and where a refusal is shown."""

from datetime import UTC, datetime
from typing import Any

import pytest

from engagement.accounts.queries import workspace
from engagement.core.errors import Conflict, InvalidInput
from experiments.forms.plan import PlanDraft
from experiments.services.plans import MetricPlan, VariantPlan

pytestmark = pytest.mark.django_db


def typed(**changes: str) -> dict[str, Any]:
    """A complete form as a browser sends it, with a third variant and a second metric left as they came."""
    variant = {"name": "", "share": "", "channel": "", "subject": "", "body": ""}
    metric = {
        "name": "", "kind": "proportion", "role": "secondary", "direction": "up", "event": "", "window_days": "14",
    }  # fmt: skip
    rows = {
        "variant-0": {**variant, "name": "Control"},
        "variant-1": {**variant, "name": "Note", "channel": "email", "subject": "Thank you"},
        "variant-2": variant,
        "metric-0": {**metric, "name": "came back", "role": "primary", "window_days": "7"},
        "metric-1": metric,
    }
    fields = {f"{row}-{name}": value for row, fields in rows.items() for name, value in fields.items()}
    return {"name": "Thank-you note", "variant-rows": "3", "metric-rows": "2", **fields, **changes}


def judged(**changes: str) -> PlanDraft:
    draft = PlanDraft.judged(workspace(), typed(**changes))
    draft.is_valid()
    return draft


def test_rows_left_as_they_came_are_no_rows():
    draft = judged()

    assert draft.is_valid()
    assert draft.plan("UTC")["variants"] == [
        VariantPlan("Control", "Control", 0.5, channel=""),
        VariantPlan("Note", "Note", 0.5, channel="email", subject="Thank you"),
    ]
    assert draft.plan("UTC")["metrics"] == [MetricPlan("came back", "proportion", "primary", window_days=7)]


def test_shares_are_typed_in_percent():
    draft = judged(**{"variant-0-share": "90", "variant-1-share": "10"})

    assert [variant.share for variant in draft.plan("UTC")["variants"]] == [0.9, 0.1]


def test_a_share_for_some_only_is_refused():
    draft = judged(**{"variant-0-share": "90"})

    assert not draft.is_valid()
    assert draft.variants.error == "Give every variant a share, or none: then all get the same."


def test_the_last_day_counts_to_its_end_in_the_workspaces_zone():
    draft = judged(first_day="2026-07-06", last_day="2026-08-02")

    plan = draft.plan("Europe/Berlin")
    assert plan["starts"] == datetime(2026, 7, 5, 22, tzinfo=UTC)
    assert plan["ends"] == datetime(2026, 8, 2, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "where", "sentence"),
    [
        ({"name": ""}, "head", "This field is required."),
        ({"variant-1-name": ""}, "variants", "Give the variant a name."),
        ({"variant-1-channel": ""}, "variants", "There is a text: choose the channel it goes by."),
        ({"variant-1-subject": ""}, "variants", "Write the message, or choose “No message”."),
        ({"variant-2-subject": "Only a subject"}, "variants", "Give the variant a name."),
        ({"metric-0-name": ""}, "metrics", "This field is required."),
        ({"metric-1-kind": "mean"}, "metrics", "This field is required."),
        ({"last_day": "9999-12-31"}, "dates", "Ensure this value is less than or equal to 2199-12-31."),
    ],
)
def test_what_is_missing_is_said_at_its_field(changes, where, sentence):
    draft = judged(**changes)

    part = getattr(draft, where)
    forms = part.forms if where in ("variants", "metrics") else [part]
    assert not draft.is_valid()
    assert sentence in [str(error) for form in forms for errors in form.errors.values() for error in errors]


def test_another_row_keeps_what_was_typed_and_judges_nothing():
    draft = PlanDraft.typed(workspace(), typed(name="", add_variant="1", **{"variant-2-name": "Third"}))

    assert [form["name"].value() for form in draft.variants.forms] == ["Control", "Note", "Third", None]
    assert [form["window_days"].value() for form in draft.metrics.forms] == ["7", "14"]
    assert [form.is_bound for form in draft.variants.forms] == [False] * 4


def test_no_more_than_five_variants_and_six_metrics_are_offered():
    draft = PlanDraft.typed(workspace(), {"variant-rows": "99", "metric-rows": "99", "add_metric": "1"})

    assert (len(draft.variants.forms), draft.variants.may_grow) == (5, False)
    assert (len(draft.metrics.forms), draft.metrics.may_grow) == (6, False)


def test_a_new_row_has_its_defaults():
    draft = PlanDraft.typed(workspace(), typed(add_metric="1"))

    assert draft.metrics.forms[2]["window_days"].value() == 14
    assert draft.metrics.forms[2]["role"].value() == "secondary"


@pytest.mark.parametrize("rows", ["", "-3", "x", "1"])
def test_a_forged_number_of_rows_leaves_the_needed_ones(rows):
    assert len(PlanDraft.typed(workspace(), {"variant-rows": rows}).variants.forms) == 2


def test_a_services_refusal_stands_where_it_belongs():
    draft = judged()

    draft.refuse(InvalidInput("Two variants have the same name.", field="variants"))
    draft.refuse(InvalidInput("Exactly one metric is primary.", field="metrics"))
    draft.refuse(InvalidInput("The end must lie after the start.", field="ends"))
    draft.refuse(InvalidInput("That is no name.", field="name"))
    draft.refuse(Conflict("The idea is in a round."))

    assert draft.variants.error == "Two variants have the same name."
    assert draft.metrics.error == "Exactly one metric is primary."
    assert draft.dates.errors == {"last_day": ["The end must lie after the start."]}
    assert draft.head.errors == {"name": ["That is no name."], "__all__": ["The idea is in a round."]}
