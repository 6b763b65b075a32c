"""Forms of the retro."""

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.core.errors import DomainError


class RetroForm(forms.Form):
    why = forms.CharField(label=_("Why did it come out so?"), max_length=5_000, widget=forms.Textarea({"rows": 3}))
    surprise = forms.CharField(
        label=_("What surprised us?"), max_length=5_000, required=False, widget=forms.Textarea({"rows": 2})
    )
    learning = forms.CharField(
        label=_("What we learned"), max_length=300, widget=forms.Textarea({"rows": 2}),
        help_text=_("One sentence that the next pod should know."),
    )  # fmt: skip

    def refuse(self, error: DomainError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


class NextIdeaForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=120)
    problem = forms.CharField(label=_("Problem"), max_length=1_000, widget=forms.Textarea({"rows": 2}))
    change = forms.CharField(label=_("Change"), max_length=1_000, widget=forms.Textarea({"rows": 2}))
