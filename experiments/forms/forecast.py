"""What a forecast rests on, as people type it: percent and points for rates, the metric's unit for amounts."""

from typing import Any, Self

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from experiments.models import Experiment, Metric, MetricLevel
from experiments.reports.forecast import RATES, Assumptions
from experiments.services.eligibility import newest_count

POWERS = [("0.8", "80%"), ("0.9", "90%")]


def _number(label: Any, *, help_text: Any = "", required: bool = True) -> forms.FloatField:
    widget = forms.NumberInput({"step": "any", "inputmode": "decimal"})
    return forms.FloatField(label=label, help_text=help_text, required=required, widget=widget)


class ForecastForm(forms.Form):
    level = _number(gettext_lazy("Average per customer"))
    spread = _number(gettext_lazy("Standard deviation per customer"))
    effect = _number(gettext_lazy("Smallest change worth having"))
    customers_a_day = _number(gettext_lazy("New customers a day, all variants together"))
    power = forms.ChoiceField(
        label=gettext_lazy("Chance to find it"), choices=POWERS, initial="0.8", help_text=gettext_lazy("At a 5% level.")
    )

    def __init__(self, *args: Any, metric: Metric, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_rate = metric.kind in RATES
        if self.is_rate:
            del self.fields["spread"]
            self.fields["level"].label = _("Base rate in %")
            self.fields["effect"].label = _("Smallest change worth having, in points")

    @classmethod
    def of(cls, experiment: Experiment, metric: Metric, level: MetricLevel | None) -> Self:
        """Begun from what is known: the metric's measured level, and an audience met within the planned days."""
        begun: dict[str, Any] = {"power": (experiment.plan or {}).get("power", 0.8)}
        times = 100 if metric.kind in RATES else 1
        if level is not None:
            smallest = (experiment.plan or {}).get("minimum_effect")
            begun |= {"level": f"{level.mean * times:.6g}", "spread": f"{level.variance**0.5:.6g}"}
            begun["effect"] = f"{smallest * abs(level.mean) * times:.6g}" if smallest else ""
        counted, dated = newest_count(experiment), experiment.starts and experiment.ends
        if counted and experiment.starts and experiment.ends and dated:
            begun["customers_a_day"] = counted.left // max((experiment.ends - experiment.starts).days, 1)
        return cls(metric=metric, initial=begun)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("spread", "effect", "customers_a_day"):
            if name in cleaned and not cleaned[name] > 0:
                self.add_error(name, _("It has to be above 0."))
        level = cleaned.get("level")
        if level is not None and self.is_rate and not 0 < level < 100:
            self.add_error("level", _("A rate lies between 0% and 100%."))
        if level == 0 and not self.is_rate:
            self.add_error("level", _("An average of 0 has no relative change."))
        return cleaned

    @property
    def assumptions(self) -> Assumptions:
        """Call it on a valid form only."""
        cleaned, over = self.cleaned_data, 100 if self.is_rate else 1
        return Assumptions(
            level=cleaned["level"] / over,
            effect=cleaned["effect"] / over,
            customers_a_day=cleaned["customers_a_day"],
            power=float(cleaned["power"]),
            spread=cleaned.get("spread"),
        )
