"""Forms about the launch: who has which part, and the reason of a pause or a stop."""

from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.accounts.models import Member
from engagement.accounts.queries import writing_members
from engagement.core.errors import DomainError
from experiments.choices import PAUSE_CONDITIONS
from experiments.models import Experiment

OWNERS = ("strategy_owner", "launch_owner", "analysis_owner")


def _owner(label: Any) -> forms.ModelChoiceField[Member]:
    return forms.ModelChoiceField(Member.objects.none(), label=label, required=False, empty_label=_("Nobody yet"))


class RolesForm(forms.Form):
    strategy_owner = _owner(_("Strategy owner"))
    launch_owner = _owner(_("Launch owner"))
    analysis_owner = _owner(_("Analysis owner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in OWNERS:
            self.fields[name].queryset = writing_members()  # type: ignore[attr-defined]

    @classmethod
    def of(cls, experiment: Experiment) -> Self:
        return cls(initial={name: getattr(experiment, f"{name}_id") for name in OWNERS})

    def refuse(self, error: DomainError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


class PausesForm(forms.Form):
    pauses_on = forms.MultipleChoiceField(
        label=_("It pauses by itself when"), choices=PAUSE_CONDITIONS, required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Looked at with every readout. A person resumes; the same finding does not pause it twice."),
    )  # fmt: skip

    @classmethod
    def of(cls, experiment: Experiment) -> Self:
        return cls(initial={"pauses_on": experiment.pauses_on})


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=1_000, required=False, widget=forms.Textarea({"rows": 2}))


class MarkForm(ReasonForm):
    item = forms.CharField(max_length=30)
    kind = forms.CharField(max_length=10)
