"""Recording what was decided."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.core.errors import DomainError
from experiments.choices import DecisionKind
from experiments.models import Experiment, Variant

SHIP = "ship-"
FIELDS = {"kind": "choice", "variant": "choice"}


class DecisionForm(forms.Form):
    """One choice among shipping each variant and the three other decisions, with reason and learning."""

    choice = forms.ChoiceField(label=gettext_lazy("Decision"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=5_000, widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("Leadership reads it in the quarterly report."),
    )  # fmt: skip
    learning = forms.CharField(
        label=gettext_lazy("What we learned"), max_length=300, widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("One sentence that the next pod should know."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, experiment: Experiment, recommendation: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        treatments = [variant for variant in experiment.variants.all() if not variant.is_control]
        self.by_choice = {f"{SHIP}{variant.pk}": variant for variant in treatments}
        ship = [(choice, _("Ship %(name)s") % {"name": variant}) for choice, variant in self.by_choice.items()]
        others = [(kind.value, kind.label) for kind in DecisionKind if kind != DecisionKind.SHIP]
        self.fields["choice"].choices = [*ship, *others]  # type: ignore[attr-defined]
        self.fields["choice"].initial = self._recommended(recommendation)

    def decision(self) -> dict[str, Any]:
        """What `decisions.decide` takes."""
        cleaned = dict(self.cleaned_data)
        choice = cleaned.pop("choice")
        variant = self.by_choice.get(choice)
        return {"kind": DecisionKind.SHIP if variant else choice, "variant": variant, **cleaned}

    def refuse(self, error: DomainError) -> None:
        field = FIELDS.get(error.field or "", error.field)
        self.add_error(field if field in self.fields else None, str(error))

    def _recommended(self, recommendation: dict[str, Any] | None) -> str | None:
        if recommendation is None:
            return None
        chosen = [choice for choice, variant in self.by_choice.items() if _is_named(variant, recommendation)]
        return chosen[0] if chosen else str(recommendation["decision"])


def _is_named(variant: Variant, recommendation: dict[str, Any]) -> bool:
    return bool(variant.key == recommendation["variant"])
