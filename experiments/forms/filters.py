"""Narrowing the list of experiments; it lives in the address."""

from django import forms
from django.utils.translation import gettext_lazy

from experiments.choices import STATE_CHOICES


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
