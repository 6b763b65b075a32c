"""How this site sends an experiment's messages."""

from typing import Self

from django import forms

from experiments.models import Experiment, Sending


class SendingForm(forms.ModelForm[Sending]):
    class Meta:
        model = Sending
        fields = ["local_time", "per_minute"]
        widgets = {"local_time": forms.TimeInput({"type": "time"}, format="%H:%M")}

    @classmethod
    def of(cls, experiment: Experiment) -> Self:
        """Begun from what was chosen before."""
        return cls(instance=Sending.objects.filter(experiment=experiment).first())
