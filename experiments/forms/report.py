"""Writing a quarter's report, asking, answering, sharing."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backlog.quarters import Quarter
from engagement.accounts.queries import workspace, writing_members
from engagement.core.clock import now
from experiments.choices import AskKind, Reply
from experiments.models import Decision, ReportText
from experiments.reports.quarterly.document import MOST_LEARNINGS
from experiments.reports.quarterly.period import bounds
from experiments.services.reporting.writing import LONGEST_LEARNING

LONGEST_LINK_DAYS = 90


class ReportTextForm(forms.Form):
    """Title and three learnings, each with the decision that backs it."""

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=120, required=False,
        help_text=gettext_lazy("One sentence a leader remembers. Empty: “What we learned”."),
    )  # fmt: skip
    correction = forms.CharField(
        label=gettext_lazy("What is corrected"), max_length=300, required=False,
        help_text=gettext_lazy("Only for a further revision: the earlier one stays at its address."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput, initial=0)

    def __init__(self, *args: Any, quarter: Quarter, text: ReportText | None, is_released: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_released:
            del self.fields["correction"]
        start, end = bounds(quarter, workspace().time_zone)
        decided = Decision.objects.filter(decided_at__gte=start, decided_at__lt=end).select_related("experiment")
        choices = [("", _("No experiment")), *((d.experiment.key, d.experiment.name) for d in decided)]
        for number in range(1, MOST_LEARNINGS + 1):
            self.fields[f"learning_{number}"] = forms.CharField(
                label=_("Learning %(number)d") % {"number": number}, max_length=LONGEST_LEARNING, required=False,
                widget=forms.Textarea({"rows": 2}),
            )  # fmt: skip
            self.fields[f"experiment_{number}"] = forms.ChoiceField(
                label=_("Learned from"), choices=choices, required=False
            )
        if text is not None:
            self._show(text)
        else:
            self._suggest([decision for decision in decided if len(decision.learning) <= LONGEST_LEARNING])

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        return [(self[f"learning_{number}"], self[f"experiment_{number}"]) for number in range(1, MOST_LEARNINGS + 1)]

    def values(self) -> dict[str, Any]:
        """What `writing.write` takes."""
        given = self.cleaned_data
        learnings = [
            {"text": given[f"learning_{number}"], "experiment": given[f"experiment_{number}"]}
            for number in range(1, MOST_LEARNINGS + 1)
        ]
        return {
            "title": given["title"], "learnings": learnings, "correction": given.get("correction", ""),
            "seen_version": given["version"],
        }  # fmt: skip

    def _suggest(self, decided: list[Decision]) -> None:
        """What the newest decisions say, for a start."""
        for number, decision in enumerate(decided[:MOST_LEARNINGS], start=1):
            self.initial[f"learning_{number}"] = decision.learning
            self.initial[f"experiment_{number}"] = decision.experiment.key

    def _show(self, text: ReportText) -> None:
        self.initial.update({"title": text.title, "correction": text.correction, "version": text.version})
        for number, learning in enumerate(text.learnings, start=1):
            self.initial[f"learning_{number}"] = learning["text"]
            self.initial[f"experiment_{number}"] = learning["experiment"]


class AskForm(forms.Form):
    text = forms.CharField(label=gettext_lazy("Ask"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=AskKind.choices)
    owner = forms.ModelChoiceField(
        writing_members(), label=gettext_lazy("Owner"), help_text=gettext_lazy("Gets the answers by e-mail.")
    )
    due = forms.DateField(label=gettext_lazy("By"), widget=forms.DateInput({"type": "date"}))


class AnswerForm(forms.Form):
    """One press; a reader without an account says who answers."""

    reply = forms.ChoiceField(choices=Reply.choices)
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=100, required=False)


class LinkForm(forms.Form):
    reader = forms.CharField(
        label=gettext_lazy("For whom"), max_length=100, help_text=gettext_lazy("Every opening is logged under it.")
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days it is valid"), min_value=1, max_value=LONGEST_LINK_DAYS, initial=14
    )

    def expires_at(self) -> datetime:
        return now() + timedelta(days=self.cleaned_data["days"])
