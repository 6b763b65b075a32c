"""Rating the twelve factors of the maturity index."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from experiments.choices import AXIS_LABELS, FACTOR_LABELS, FACTOR_MEASURES
from experiments.maturity import AXES, HIGHEST, LOWEST, MARKS
from experiments.reports.quarterly.maturing import mark_words

NUMBERS = tuple(range(LOWEST, HIGHEST + 1))


class MaturityForm(forms.Form):
    """A scale a factor, none of them needed; “cannot judge” takes a rating back."""

    def __init__(self, *args: Any, own: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        for factor, label in FACTOR_LABELS.items():
            wrong = {"invalid": _("A rating is 1, 2, 3, 4 or 5."), "max_value": _("A rating is 1, 2, 3, 4 or 5.")}
            self.fields[factor] = forms.IntegerField(
                label=label, min_value=LOWEST, max_value=HIGHEST, required=False,
                error_messages={**wrong, "min_value": wrong["max_value"]},
            )  # fmt: skip
            self.fields[f"{factor}_abstain"] = forms.BooleanField(required=False)

    @property
    def axes(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """The scales as the page draws them, by axis."""
        return [(str(AXIS_LABELS[axis]), [self._scale(factor) for factor in factors]) for axis, factors in AXES.items()]

    def _scale(self, factor: Any) -> dict[str, Any]:
        mark = MARKS[factor]
        measured = {
            "what": FACTOR_MEASURES[factor],
            "mark": mark_words(mark.value, mark.unit, is_ceiling=mark.is_ceiling),
        }
        return {
            "name": str(factor),
            "label": FACTOR_LABELS[factor],
            "measured": _("%(what)s: %(mark)s.") % measured,
            "value": self[factor].value() if self.is_bound else self.own.get(factor),
            "abstained": self.is_bound and bool(self[f"{factor}_abstain"].value()),
            "error": " ".join(str(one) for one in self.errors.get(factor, [])) if self.is_bound else "",
        }

    def values(self) -> dict[str, int | None]:
        """What `maturity.rate` takes: what was chosen, and None for what cannot be judged."""
        chosen = {factor: self.cleaned_data[factor] for factor in FACTOR_LABELS}
        taken_back = {factor for factor in FACTOR_LABELS if self.cleaned_data[f"{factor}_abstain"]}
        return {
            str(factor): None if factor in taken_back else rating
            for factor, rating in chosen.items() if rating is not None or factor in taken_back
        }  # fmt: skip
