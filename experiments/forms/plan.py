"""An experiment's plan as people type it: what, compared how, measured by what."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _

from backlog.models import Idea
from engagement.accounts.models import Workspace
from engagement.core.errors import DomainError
from engagement.core.form_rows import Kind, Rows, as_typed
from experiments.choices import MetricRole
from experiments.forms.plan_parts import (
    DatesForm,
    HeadForm,
    HypothesisForm,
    KeptMetricForm,
    MetricForm,
    NewHeadForm,
    VariantForm,
)
from experiments.models import Experiment
from experiments.services.plans import SLOTS, MetricPlan, VariantPlan

VARIANTS = Kind(VariantForm, "variant", needed=2, shown=3, most=5)
METRICS = Kind(MetricForm, "metric", needed=1, shown=2, most=6)
MORE_METRICS = Kind(MetricForm, "metric", needed=0, shown=1, most=6)
FIELDS = {"starts": "first_day", "ends": "last_day"}


class PlanDraft:
    """The whole form: three parts and two lists of rows. A service's refusal finds its place by `refuse`."""

    def __init__(
        self,
        head: HeadForm,
        hypothesis: HypothesisForm,
        dates: DatesForm,
        variants: Rows[VariantForm],
        metrics: Rows[MetricForm],
    ) -> None:
        self.head, self.hypothesis, self.dates = head, hypothesis, dates
        self.variants, self.metrics = variants, metrics

    @classmethod
    def fresh(cls, workspace: Workspace, idea: Idea | None = None, *, disputed: str = "") -> "PlanDraft":
        """An empty form, or one begun from an idea; `disputed`: the scale that its pod is split on."""
        head = {"name": idea.title, "pod": idea.pod_id} if idea else {}
        known = {"because": _part(idea.problem), "we_believe": _part(idea.change)} if idea else {}
        if disputed and idea:
            split = _("the pod is split on its %(scale)s, and only customers can say") % {"scale": disputed}
            known["because"] = f"{known['because']}; {split}"
        variants = [{"name": _("Control")}, {"channel": idea.channel if idea else ""}]
        return cls(
            NewHeadForm(workspace=workspace, initial=head),
            HypothesisForm(initial=known),
            DatesForm(),
            Rows.fresh(VARIANTS, variants),
            Rows.fresh(METRICS, [{"role": MetricRole.PRIMARY}]),
        )

    @classmethod
    def typed(cls, workspace: Workspace, data: Mapping[str, Any]) -> "PlanDraft":
        """The form as it was sent, not judged: somebody asked for another row."""
        head, hypothesis, dates = NewHeadForm(workspace=workspace), HypothesisForm(), DatesForm()
        parts = (as_typed(head, data), as_typed(hypothesis, data), as_typed(dates, data))
        return cls(*parts, Rows.typed(VARIANTS, data), Rows.typed(METRICS, data))

    @classmethod
    def judged(cls, workspace: Workspace, data: Mapping[str, Any]) -> "PlanDraft":
        parts = (NewHeadForm(data, workspace=workspace), HypothesisForm(data), DatesForm(data))
        return cls(*parts, Rows.judged(VARIANTS, data), Rows.judged(METRICS, data))

    @property
    def parts(self) -> tuple[forms.Form, ...]:
        return self.head, self.hypothesis, self.dates

    def is_valid(self) -> bool:
        """Judges every part, so that each shows its own errors."""
        judged = [*(part.is_valid() for part in self.parts), self.variants.is_valid(), self.metrics.is_valid()]
        return all(judged) and self._has_shares()

    def refuse(self, error: DomainError) -> None:
        """Shows a service's refusal where it belongs."""
        field = FIELDS.get(error.field or "", error.field or "")
        if field in ("variants", "shares"):
            self.variants.error = str(error)
        elif field == "metrics":
            self.metrics.error = str(error)
        else:
            part = next((part for part in self.parts if field in part.fields), self.head)
            part.add_error(field if field in part.fields else None, str(error))

    def plan(self, time_zone: str) -> dict[str, Any]:
        """What `plans.plan` takes; call it on a valid draft only."""
        first, last = self.dates.cleaned_data["first_day"], self.dates.cleaned_data["last_day"]
        return {
            **self.head.cleaned_data,
            "hypothesis": self.hypothesis.cleaned_data,
            "starts": _midnight(first, time_zone),
            "ends": _midnight(last + timedelta(days=1), time_zone) if last else None,
            "variants": self._variants(),
            "metrics": _metrics(self.metrics),
        }

    def _has_shares(self) -> bool:
        """All or none: without any the variants share equally."""
        given = [row["share"] is not None for row in self.variants.filled]
        if any(given) and not all(given):
            self.variants.error = _("Give every variant a share, or none: then all get the same.")
        return not self.variants.error

    def _variants(self) -> list[VariantPlan]:
        rows = self.variants.filled
        return [
            VariantPlan(
                key=row["name"],
                name=row["name"],
                share=float(row["share"] / 100) if row["share"] is not None else 1 / len(rows),
                channel=row["channel"],
                subject=row["subject"],
                body=row["body"],
            )
            for row in rows
        ]


class PlanChange:
    """The form of a plan that is there: head, hypothesis, the metrics that it has and those it shall get."""

    def __init__(
        self, head: HeadForm, hypothesis: HypothesisForm, kept: Mapping[str, KeptMetricForm], metrics: Rows[MetricForm]
    ) -> None:
        self.head, self.hypothesis, self.kept, self.metrics = head, hypothesis, kept, metrics

    @classmethod
    def of(cls, experiment: Experiment) -> "PlanChange":
        """As the plan stands."""
        head = {name: getattr(experiment, name) for name in ("name", "pod", "kind")}
        slots = {slot: getattr(experiment, slot) for slot in SLOTS}
        return cls(
            HeadForm(initial={**head, "subgroups": ", ".join(experiment.subgroups)}),
            HypothesisForm(initial=slots),
            {
                one.key: KeptMetricForm(prefix=f"kept-{one.pk}", initial={"role": one.role})
                for one in experiment.metrics.all()
            },
            Rows.fresh(MORE_METRICS),
        )

    @classmethod
    def typed(cls, experiment: Experiment, data: Mapping[str, Any]) -> "PlanChange":
        """As it was sent, not judged: somebody asked for another row."""
        found = cls.of(experiment)
        for form in (found.head, found.hypothesis, *found.kept.values()):
            as_typed(form, data)
        found.metrics = Rows.typed(MORE_METRICS, data)
        return found

    @classmethod
    def judged(cls, experiment: Experiment, data: Mapping[str, Any]) -> "PlanChange":
        kept = {one.key: KeptMetricForm(data, prefix=f"kept-{one.pk}") for one in experiment.metrics.all()}
        return cls(HeadForm(data), HypothesisForm(data), kept, Rows.judged(MORE_METRICS, data))

    def is_valid(self) -> bool:
        """Judges every part, so that each shows its own errors."""
        forms_ = (self.head, self.hypothesis, *self.kept.values())
        return all([*(one.is_valid() for one in forms_), self.metrics.is_valid()])

    def refuse(self, error: DomainError) -> None:
        """Shows a service's refusal where it belongs."""
        if error.field == "metrics":
            self.metrics.error = str(error)
        else:
            self.head.add_error(error.field if error.field in self.head.fields else None, str(error))

    def revision(self) -> dict[str, Any]:
        """What `plans.revise` takes; call it on a valid one only."""
        roles = {key: form.cleaned_data["role"] for key, form in self.kept.items()}
        return {
            "values": {**self.head.cleaned_data, **self.hypothesis.cleaned_data},
            "roles": {key: role for key, role in roles.items() if role},
            "added": _metrics(self.metrics),
        }


def _metrics(rows: Rows[MetricForm]) -> list[MetricPlan]:
    return [MetricPlan(key=row.pop("name"), **row) for row in map(dict, rows.filled)]


def _part(text: str) -> str:
    """A text of its own as a part of a sentence."""
    return text.strip().removesuffix(".")


def _midnight(day: date | None, time_zone: str) -> datetime | None:
    return datetime.combine(day, time.min, ZoneInfo(time_zone)) if day else None
