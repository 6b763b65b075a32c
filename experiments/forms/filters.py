"""Narrowing the lists of experiments and of learnings; it lives in the address."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy

from backlog.choices import Lever, LifecycleStage
from engagement.customers.reports import STATE_LABELS
from engagement.messaging.choices import Channel
from experiments.choices import STATE_CHOICES
from experiments.queries.learnings import metrics_learned_about, states_learned_about
from experiments.reports.wording import metric_name


class SearchForm(forms.Form):
    q = forms.CharField(
        label=gettext_lazy("Search"), required=False, max_length=200, widget=forms.TextInput({"type": "search"})
    )

    def text(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))


class FilterForm(SearchForm):
    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False, choices=[("", gettext_lazy("All states")), *STATE_CHOICES]
    )

    def filters(self) -> dict[str, str]:
        """What can be used of the address; a state nobody knows filters nothing."""
        return {"text": self.text(), "state": self.cleaned_data.get("state", "")}


def _one_of(label: Any, empty: Any, choices: Any = ()) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", empty), *choices])


class LearningFilterForm(SearchForm):
    """Metrics and customer states are offered where there is something learned about them."""

    metric = _one_of(gettext_lazy("Metric"), gettext_lazy("Any metric"))
    state = _one_of(gettext_lazy("Customer state"), gettext_lazy("Any state"))
    channel = _one_of(gettext_lazy("Channel"), gettext_lazy("Any channel"), Channel.choices)
    lever = _one_of(gettext_lazy("Lever"), gettext_lazy("Any lever"), Lever.choices)
    stage = _one_of(gettext_lazy("Stage"), gettext_lazy("Any stage"), LifecycleStage.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("metric", [(key, metric_name(key)) for key in metrics_learned_about()])
        self._offer("state", [(state.value, STATE_LABELS[state]) for state in states_learned_about()])

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        if not choices:
            del self.fields[name]
            return
        field = cast("forms.ChoiceField", self.fields[name])
        field.choices = [*cast("list[Any]", field.choices), *choices]

    def filters(self) -> dict[str, str]:
        """What can be used of the address; what nobody knows filters nothing."""
        text = self.text()
        names = ("metric", "state", "channel", "lever", "stage")
        return {"text": text, **{name: self.cleaned_data.get(name, "") for name in names}}
