"""Moving an experiment to other days."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.core.errors import DomainError
from experiments.forms.plan_parts import day_field

FIELDS = {"starts": "first_day", "ends": "last_day"}


class MoveForm(forms.Form):
    """First and last day, as the workspace's calendar has them, and why."""

    first_day = day_field(_("First day"), is_required=True)
    last_day = day_field(_("Last day"), is_required=True)
    reason = forms.CharField(
        label=_("Why it moves"), max_length=500, widget=forms.Textarea({"rows": 2}),
        help_text=_("Others plan around it; an approval of the old days lapses."),
    )  # fmt: skip

    def moments(self, zone: ZoneInfo) -> dict[str, datetime]:
        """What `plans.move` takes: midnight of the first day, and of the day after the last."""
        given: dict[str, Any] = self.cleaned_data
        days = {"starts": given["first_day"], "ends": given["last_day"] + timedelta(days=1)}
        return {name: datetime.combine(day, time.min, zone) for name, day in days.items()}

    def refuse(self, error: DomainError) -> None:
        field = FIELDS.get(error.field or "", error.field)
        self.add_error(field if field in self.fields else None, str(error))
