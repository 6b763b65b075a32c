"""Bringing in a finished experiment's file: the file first, then what its columns mean."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.core.errors import DomainError
from engagement.core.form_rows import Kind, Rows, as_typed
from experiments import results_guess
from experiments.choices import FORM_KINDS, MetricKind, MetricRole
from experiments.models import Experiment, Metric
from experiments.reports.wording import metric_name
from experiments.results_file import ResultsMetric
from experiments.services.results_uploads import Reading


class UploadForm(forms.Form):
    key = forms.CharField(
        label=gettext_lazy("Key"), max_length=100,
        help_text=gettext_lazy("Names the experiment for good: letters, digits, - and _, such as winback-2026-spring."),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("Results file"), allow_empty_file=True,
        help_text=gettext_lazy("CSV or CSV.gz in UTF-8, with a header line and one row per customer."),
        widget=forms.FileInput({"accept": ".csv,.gz,text/csv,application/gzip"}),
    )  # fmt: skip


class ColumnsForm(forms.Form):
    """What every results file is asked: who got what."""

    variant = forms.ChoiceField(
        label=gettext_lazy("Variant"), help_text=gettext_lazy("The column that names each customer’s variant.")
    )
    customer = forms.ChoiceField(
        label=gettext_lazy("Customer"), required=False,
        help_text=gettext_lazy("The column with your id of the customer. Without one, each row is a new customer."),
    )  # fmt: skip

    def __init__(self, *args: Any, header: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["variant"].choices = _choices(header, _("Choose a column"))  # type: ignore[attr-defined]
        self.fields["customer"].choices = _choices(header, _("None"))  # type: ignore[attr-defined]

    def refuse(self, error: DomainError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


class PlannedColumnsForm(ColumnsForm):
    """A column for each metric of the plan, chosen already where the names agree."""

    def __init__(self, *args: Any, experiment: Experiment, header: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, header=header, **kwargs)
        self.metrics = list(experiment.metrics.all())
        self.control = experiment.variants.get(position=0).key
        for metric in self.metrics:
            self.fields[_metric_field(metric)] = forms.ChoiceField(
                label=metric_name(metric.key), choices=_choices(header, _("Choose a column")),
                help_text=metric.get_kind_display(),
                initial=results_guess.column_named(header, metric.key),
            )  # fmt: skip
        self.order_fields(["variant", *map(_metric_field, self.metrics), "customer"])

    def reading(self) -> Reading:
        cleaned = self.cleaned_data
        metrics = [
            ResultsMetric(metric.key, _kind(metric.kind), cleaned[_metric_field(metric)]) for metric in self.metrics
        ]
        primary = next(metric.key for metric in self.metrics if metric.role == MetricRole.PRIMARY)
        return Reading(cleaned["variant"], self.control, metrics, primary, cleaned["customer"] or None)


class NewColumnsForm(ColumnsForm):
    control = forms.CharField(
        label=gettext_lazy("Control"), max_length=100, strip=False,
        help_text=gettext_lazy("As the variant column writes it."),
        widget=forms.TextInput({"list": "control-values", "autocomplete": "off"}),
    )  # fmt: skip
    field_order = ("variant", "control", "customer")


class MetricColumnForm(forms.Form):
    column = forms.ChoiceField(label=gettext_lazy("Column"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=FORM_KINDS, initial=MetricKind.PROPORTION)
    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=100)

    def __init__(self, *args: Any, header: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["column"].choices = _choices(header, _("Choose a column"))  # type: ignore[attr-defined]


class NewColumnsDraft:
    """The columns of an experiment that has no plan here: its control, and metrics of which the first is primary."""

    def __init__(self, head: NewColumnsForm, metrics: Rows[MetricColumnForm]) -> None:
        self.head, self.metrics = head, metrics

    @classmethod
    def fresh(cls, header: Sequence[str], rows: Sequence[Sequence[str]]) -> "NewColumnsDraft":
        variant = results_guess.variant_column(header, rows)
        words = results_guess.words_of(header, rows, variant) if variant else []
        head = NewColumnsForm(header=header, initial={"variant": variant, "control": results_guess.control_of(words)})
        return cls(head, Rows.fresh(_metric_rows(header)))

    @classmethod
    def typed(cls, header: Sequence[str], data: Mapping[str, Any]) -> "NewColumnsDraft":
        return cls(as_typed(NewColumnsForm(header=header), data), Rows.typed(_metric_rows(header), data))

    @classmethod
    def judged(cls, header: Sequence[str], data: Mapping[str, Any]) -> "NewColumnsDraft":
        return cls(NewColumnsForm(data, header=header), Rows.judged(_metric_rows(header), data))

    def is_valid(self) -> bool:
        return all([self.head.is_valid(), self.metrics.is_valid()])

    def refuse(self, error: DomainError) -> None:
        if error.field == "metrics":
            self.metrics.error = str(error)
        else:
            self.head.refuse(error)

    def reading(self) -> Reading:
        cleaned = self.head.cleaned_data
        metrics = [
            ResultsMetric(row["name"] or row["column"], _kind(row["kind"]), row["column"])
            for row in self.metrics.filled
        ]
        return Reading(cleaned["variant"], cleaned["control"], metrics, metrics[0].name, cleaned["customer"] or None)


def _metric_rows(header: Sequence[str]) -> Kind[MetricColumnForm]:
    return Kind(partial(MetricColumnForm, header=header), "metric", needed=1, shown=3, most=6)


def _metric_field(metric: Metric) -> str:
    return f"metric_{metric.pk}"


def _kind(text: str) -> Literal["proportion", "mean"]:
    return "proportion" if text == MetricKind.PROPORTION else "mean"


def _choices(header: Sequence[str], empty: str) -> list[tuple[str, str]]:
    return [("", empty), *((column, column) for column in dict.fromkeys(header) if column)]
