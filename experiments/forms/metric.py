"""A metric of the registry as people type it."""

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.accounts.queries import writing_members
from experiments.choices import Direction, MetricGroup, MetricKind
from experiments.metrics.definition import DAY_S, Measure, MetricDefinition
from experiments.models import RegisteredMetric

AMOUNTS = (MetricKind.MEAN, MetricKind.QUANTILE)


class MetricForm(forms.Form):
    """What does not concern a metric's kind stays empty, and is not asked for."""

    key = forms.CharField(label=gettext_lazy("Key"), max_length=100, help_text=gettext_lazy("Names it for good."))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    words = forms.CharField(
        label=gettext_lazy("Definition in words"), max_length=500, widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("Who counts, for what, until when."),
    )  # fmt: skip
    group = forms.ChoiceField(
        label=gettext_lazy("Group"), choices=[("", gettext_lazy("None")), *MetricGroup.choices], required=False
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=MetricKind.choices)
    event = forms.CharField(
        label=gettext_lazy("Event"), max_length=200, help_text=gettext_lazy("Of a ratio: what is divided.")
    )
    over = forms.CharField(
        label=gettext_lazy("Divided by"), max_length=200, required=False,
        help_text=gettext_lazy("Of a ratio: the other event. All customers’ sums are divided, not each one’s."),
    )  # fmt: skip
    over_valued = forms.BooleanField(label=gettext_lazy("Divide by how much, not by how often"), required=False)
    from_day = forms.IntegerField(
        label=gettext_lazy("From day"), min_value=0, max_value=364, initial=0,
        help_text=gettext_lazy("After the exposure. Of retention: the day."),
    )  # fmt: skip
    to_day = forms.IntegerField(
        label=gettext_lazy("Before day"), min_value=1, max_value=365, initial=14, required=False,
        help_text=gettext_lazy(
            "The window closes then; day 7 exactly is from 7 before 8. Empty: a running total, to be watched only."
        ),
    )  # fmt: skip
    threshold = forms.IntegerField(
        label=gettext_lazy("At least so often"), min_value=1, max_value=1_000, initial=1, required=False,
        help_text=gettext_lazy("Of a share."),
    )  # fmt: skip
    counted = forms.BooleanField(
        label=gettext_lazy("Count how often, not how much (of an amount, or of what is divided)"), required=False
    )
    quantile = forms.FloatField(
        label=gettext_lazy("Quantile"), min_value=0.01, max_value=0.99, required=False,
        help_text=gettext_lazy("Of a quantile: 0.9 is what nine of ten customers stay below."),
    )  # fmt: skip
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=10, required=False)
    cap = forms.FloatField(
        label=gettext_lazy("Cap"), min_value=0.01, required=False,
        help_text=gettext_lazy("Of an amount: more than this counts as this."),
    )  # fmt: skip
    direction = forms.ChoiceField(label=gettext_lazy("Direction"), choices=Direction.choices)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, before: MetricDefinition | None = None, **kwargs: Any) -> None:
        """`before`: what the metric was; whatever of it stands in no field here stays."""
        super().__init__(*args, **kwargs)
        self.before = before

    @classmethod
    def of(cls, metric: RegisteredMetric) -> "MetricForm":
        definition = metric.definition
        return cls(before=definition, initial={
            "key": metric.key, "name": metric.name, "words": metric.words, "group": metric.group, "kind": metric.kind,
            **_sides(definition), "quantile": definition.quantile, "from_day": definition.from_s // DAY_S,
            "to_day": (definition.window_s or 0) // DAY_S or None, "threshold": definition.threshold,
            "unit": definition.unit, "cap": definition.cap,
            "direction": metric.direction, "version": metric.version,
        })  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors:
            try:
                given["definition"] = self._definition(given)
            except ValueError as error:
                raise forms.ValidationError(_("This contradicts itself: %(why)s.") % {"why": error}) from None
        return given

    def values(self) -> dict[str, Any]:
        """What `registry.add` and `registry.change` take."""
        return {name: self.cleaned_data[name] for name in ("definition", "name", "words", "group")}

    def _definition(self, given: dict[str, Any]) -> MetricDefinition:
        is_amount, is_ratio = given["kind"] in AMOUNTS, given["kind"] == MetricKind.RATIO
        typed = {
            "event": "" if is_ratio else given["event"].strip(), "direction": given["direction"],
            "from_s": self._seconds(given["from_day"], self.before.from_s if self.before else None),
            "window_s": self._seconds(given["to_day"], self.before.window_s if self.before else None),
            "threshold": given["threshold"] or 1, "unit": given["unit"],
            "cap": given["cap"] if given["kind"] == MetricKind.MEAN else None,
            "counted": given["counted"] and is_amount,
            "quantile": given["quantile"] if given["kind"] == MetricKind.QUANTILE else None,
            **(self._measures(given) if is_ratio else {}),
        }  # fmt: skip
        if self.before and self.before.kind == given["kind"]:
            return replace(self.before, **typed)
        return MetricDefinition(key=given["key"], kind=given["kind"], **typed)

    def _measures(self, given: dict[str, Any]) -> dict[str, Measure]:
        """The two sides of a ratio, with whatever of them stands in no field here as it was."""
        if not given["over"].strip():
            raise ValueError(_("a ratio is divided by another event"))
        typed = {
            "numerator": (given["event"].strip(), not given["counted"]),
            "denominator": (given["over"].strip(), given["over_valued"]),
        }
        before = {name: getattr(self.before, name, None) for name in typed}
        return {
            name: replace(before[name] or Measure(event), event=event, value=value)
            for name, (event, value) in typed.items()
        }

    @staticmethod
    def _seconds(day: int | None, before: int | None) -> Any:
        """Whole days; what was finer and shows as the same day stays as it was."""
        if day is None or before is None:
            return None if day is None else day * DAY_S
        return before if before // DAY_S == day else day * DAY_S


def _sides(definition: MetricDefinition) -> dict[str, Any]:
    """What the form calls a definition's event, or the two of a ratio."""
    above, below = definition.numerator, definition.denominator
    if above is None or below is None:
        return {"event": definition.event, "counted": definition.counted}
    return {"event": above.event, "counted": not above.value, "over": below.event, "over_valued": below.value}


class PlaceForm(forms.Form):
    """Where a metric hangs, and who answers for it."""

    serves = forms.ModelChoiceField(
        RegisteredMetric.objects.none(),
        label=gettext_lazy("Serves"),
        required=False,
        empty_label=gettext_lazy("Nothing"),
    )
    is_top = forms.BooleanField(label=gettext_lazy("It is a goal of its own"), required=False)
    owner = forms.ModelChoiceField(writing_members(), label=gettext_lazy("Owner"), required=False)

    def __init__(self, data: Any = None, *, metric: RegisteredMetric) -> None:
        initial = {"serves": metric.serves_id, "is_top": metric.is_top, "owner": metric.owner_id}
        super().__init__(data, initial=initial)
        others = RegisteredMetric.objects.filter(retired_at=None).exclude(pk=metric.pk)
        self.fields["serves"].queryset = others  # type: ignore[attr-defined]  # a model choice field
