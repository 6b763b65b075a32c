"""A milestone's owner and day."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.accounts.models import Member
from engagement.accounts.queries import writing_members
from experiments.forms.plan_parts import day_field
from experiments.models import Milestone


class MilestoneForm(forms.Form):
    owner = forms.ModelChoiceField(Member.objects.none(), label=_("Owner"), required=False, empty_label=_("Nobody yet"))
    due = day_field(_("Due"), is_required=True)

    def __init__(self, data: Any = None, *, milestone: Milestone) -> None:
        super().__init__(data, initial={"owner": milestone.owner_id, "due": milestone.due})
        self.fields["owner"].queryset = writing_members()  # type: ignore[attr-defined]  # a model choice field
