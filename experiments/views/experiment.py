"""One experiment: its plan, its variants, its results with the decision, its history."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now
from engagement.core.csv_answers import csv_answer
from engagement.core.errors import DomainError, NotFound
from engagement.messaging.queries import deliveries_of
from experiments import queries, rules
from experiments.forms.decision import DecisionForm
from experiments.forms.forecast import ForecastForm
from experiments.forms.launch import PausesForm, RolesForm
from experiments.forms.message import CopyForm
from experiments.forms.results import UploadForm
from experiments.forms.retro import NextIdeaForm, RetroForm
from experiments.lifecycle import State
from experiments.models import Experiment, Readout, Retro, Variant
from experiments.reports import adapting, beside, figures, running, standing, staying, wording
from experiments.reports.results import (
    TABLE_HEADER,
    MetricResult,
    has_failed,
    health_items,
    is_invalid,
    metric_results,
    table_rows,
)
from experiments.reports.stopping import HEADER, by_day, stopping
from experiments.services import checklist, decisions
from experiments.views.audience import audience_context
from experiments.views.checklist import checklist_context, stopping_context
from experiments.views.forecast import forecast_context
from experiments.views.milestones import milestones_context
from experiments.views.variants import variants_context

TABS = {
    "plan": gettext_lazy("Plan"),
    "variants": gettext_lazy("Variants"),
    "audience": gettext_lazy("Audience"),
    "forecast": gettext_lazy("Forecast"),
    "checklist": gettext_lazy("Checklist"),
    "health": gettext_lazy("Health"),
    "results": gettext_lazy("Results"),
    "retro": gettext_lazy("Retro"),
    "history": gettext_lazy("History"),
}


def home(request: MemberRequest, key: str) -> HttpResponse:
    """The tab that matters now."""
    found = queries.experiment(key)
    return redirect("experiment", key, "results" if found.readouts.exists() else "plan")


def tab(request: MemberRequest, key: str, tab: str) -> HttpResponse:
    if tab not in TABS:
        raise NotFound(_("An experiment has no page “%(tab)s”.") % {"tab": tab})
    return page(request, queries.experiment(key), tab)


@require_POST
def decide(request: MemberRequest, key: str) -> HttpResponse:
    """Records the decision; a refusal brings the Results tab back with everything that was typed."""
    found = queries.experiment(key)
    form = DecisionForm(request.POST, experiment=found)
    if not form.is_valid():
        return page(request, found, "results", form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        decision = decisions.decide(experiment=found, **form.decision(), actor=request.user)
    except DomainError as error:
        form.refuse(error)
        return page(request, queries.experiment(key), "results", form=form, status=error.status)
    messages.success(request, _("Decided: %(decision)s.") % {"decision": standing.decision_label(decision)})
    return redirect("experiment", key, "results")


def results_csv(request: MemberRequest, key: str) -> HttpResponse:
    """The table behind the figure, as a download."""
    found = queries.experiment(key)
    document = queries.documents([found]).get(found.pk) or queries.newest_readout(key).document
    return csv_answer(f"{key}.csv", TABLE_HEADER, table_rows(metric_results(document, list(found.variants.all()))))


def by_day_csv(request: MemberRequest, key: str) -> HttpResponse:
    """Where the primary metric stood day by day, as a download."""
    found = queries.experiment(key)
    readout = queries.shown_readouts([found]).get(found.pk) or queries.newest_readout(key)
    return csv_answer(f"{key}-by-day.csv", HEADER, by_day(readout, found, list(found.variants.all())))


def table_csv(request: MemberRequest, key: str, name: str) -> HttpResponse:
    """The table behind one of the smaller figures, as a download."""
    found = queries.experiment(key)
    document = queries.documents([found]).get(found.pk) or queries.newest_readout(key).document
    variants = list(found.variants.all())
    tables: dict[str, Callable[[], tuple[tuple[str, ...], list[tuple[Any, ...]]]]] = {
        "guardrails": lambda: (
            beside.GUARDRAIL_HEADER,
            beside.guardrail_rows(beside.guardrails(document, list(found.metrics.all()), variants)),
        ),
        "amounts": lambda: (beside.AMOUNT_HEADER, beside.amount_rows(beside.amounts(document, variants))),
        "batches": lambda: (adapting.BATCH_HEADER, list(adapting.batch_rows(document, variants))),
        "variants": lambda: (adapting.ESTIMATE_HEADER, list(adapting.estimate_rows(document, variants))),
        "subgroups": lambda: (beside.SUBGROUP_HEADER, beside.subgroup_rows(beside.subgroups(document, variants))),
    }
    if name not in tables:
        raise NotFound(_("An experiment has no table “%(name)s”.") % {"name": name})
    header, rows = tables[name]()
    return csv_answer(f"{key}-{name}.csv", header, rows)


def deliveries_csv(request: MemberRequest, key: str) -> HttpResponse:
    """Every message that is due with its fate; customers by number, as their pages have them."""
    found = queries.experiment(key)
    rows = deliveries_of(str(found.uid)).order_by("customer", "channel", "occurrence")
    columns = ("customer", "variant", "channel", "due_at", "state", "reason", "done_at")
    return csv_answer(f"{key}-deliveries.csv", columns, rows.values_list(*columns).iterator(10_000))


def retention_csv(request: MemberRequest, key: str) -> HttpResponse:
    """How many came back on each day after exposure, as a download."""
    found = queries.experiment(key)
    readout = queries.shown_readouts([found]).get(found.pk) or queries.newest_readout(key)
    rows = staying.by_day(readout, list(found.variants.all()))
    return csv_answer(f"{key}-retention.csv", staying.HEADER, rows)


def page(
    request: MemberRequest,
    found: Experiment,
    tab: str,
    *,
    form: DecisionForm | None = None,
    retro_form: RetroForm | None = None,
    forecast_form: ForecastForm | None = None,
    copy_form: CopyForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """One tab of an experiment, with a refused form where there is one."""
    readout = queries.shown_readouts([found]).get(found.pk)
    document = readout.document if readout else None
    variants = list(found.variants.select_related("message"))
    results = metric_results(document, variants) if document else []
    context: dict[str, Any] = {
        "experiment": found,
        "variants": variants,
        "state": standing.state_line(found, results),
        "next_step": standing.next_step(found, request.user, has_readout=document is not None),
        "tabs": [
            {"url": reverse("experiment", args=[found.key, name]), "label": label, "current": name == tab}
            for name, label in TABS.items()
        ],
    }
    of_tab: dict[str, Callable[[], dict[str, Any]]] = {
        "plan": lambda: _plan(request, found),
        "variants": lambda: variants_context(request, found, copy_form),
        "audience": lambda: audience_context(request, found),
        "forecast": lambda: forecast_context(request, found, forecast_form),
        "checklist": lambda: checklist_context(request, found),
        "health": lambda: _health(request, found, document, variants),
        "results": lambda: _results(request, found, document, results, form) | _course(readout, found, variants),
        "retro": lambda: _retro(found, retro_form),
        "history": lambda: {"page": Paginator(queries.history(found), 50).get_page(request.GET.get("page"))},
    }
    context |= of_tab.get(tab, dict)()
    return render(request, f"experiments/{tab}.html", context, status=status)


def _plan(request: MemberRequest, found: Experiment) -> dict[str, Any]:
    metrics = [(metric, wording.metric_name(metric.key), wording.window(metric)) for metric in found.metrics.all()]
    return {
        "metrics": metrics,
        "lag_days": wording.lag_days(found),
        "pauses": running.pauses(found),
        **milestones_context(found),
        **(
            {"roles": RolesForm.of(found), "pauses_form": PausesForm.of(found)}
            if rules.may_prepare(request.user, found)
            else {}
        ),
    }


def _retro(found: Experiment, form: RetroForm | None) -> dict[str, Any]:
    return {
        "retro": Retro.objects.filter(experiment=found).select_related("written_by").first(),
        "retro_form": form or RetroForm(),
        "idea_form": NextIdeaForm(),
        "waivers": checklist.standing_waivers(found),
    }


def _results(
    request: MemberRequest,
    found: Experiment,
    document: dict[str, Any] | None,
    results: list[MetricResult],
    form: DecisionForm | None,
) -> dict[str, Any]:
    may_decide = rules.may_decide(request.user, found)
    if document is None:
        upload = UploadForm(initial={"key": found.key}) if rules.may_bring_results(request.user, found) else None
        metrics = [(metric, wording.metric_name(metric.key)) for metric in found.metrics.all()]
        return {"upload": upload, "metrics": metrics}
    recommendation = document["recommendation"]
    return {
        "document": document,
        "results": results,
        "primary": results[0] if results else None,
        "as_of": parse_datetime(document["as_of"]),
        "health": health_items(document),
        "is_invalid": is_invalid(document),
        "has_failed": has_failed(document),
        "recommended": _recommended(found, recommendation),
        **_figure(results, found),
        "adapting": adapting.adapting(document, list(found.variants.all()), list(found.batch_shares.all())),
        **_beside(found, document, list(found.variants.all())),
        "form": form or DecisionForm(experiment=found, recommendation=recommendation),
        "may_decide": may_decide,
        "why_not": "" if may_decide else rules.why_not_decide(request.user, found),
        "who_may": "" if may_decide else standing.who_may_decide(found),
        "waivers": checklist.standing_waivers(found),
        **_decided(found),
    }


def _decided(found: Experiment) -> dict[str, str]:
    if not hasattr(found, "decision"):
        return {}
    return {
        "decision_label": standing.decision_label(found.decision), "report_url": standing.report_url(found.decision),
    }  # fmt: skip


def _recommended(found: Experiment, recommendation: dict[str, Any] | None) -> str:
    """The name of the variant that the rule would ship; empty where it ships none."""
    names = {variant.key: variant.name for variant in found.variants.all()}
    return names.get(recommendation["variant"], "") if recommendation else ""


def _course(readout: Readout | None, found: Experiment, variants: list[Variant]) -> dict[str, Any]:
    shown = stopping(readout, found, variants) if readout else None
    return {
        "stopping": shown,
        "stopping_figures": zip(shown.courses, shown.figures, strict=True) if shown else [],
        "staying": staying.staying(readout, variants) if readout else None,
    }


def _figure(results: list[MetricResult], found: Experiment) -> dict[str, Any]:
    if not any(metric.has_effects for metric in results):
        return {"figure": None}
    smallest = (found.plan or {}).get("minimum_effect")
    return {"figure": figures.forest_figure(results, smallest), "figure_title": figures.forest_title(results)}


def _beside(found: Experiment, document: dict[str, Any], variants: list[Variant]) -> dict[str, Any]:
    guarded = beside.guardrails(document, list(found.metrics.all()), variants)
    amounts = beside.amounts(document, variants)
    first = next((part for part in document["metrics"] if part["kind"] == "mean" and part["unit"]), None)
    return {
        "guarded": guarded,
        "guardrail_title": beside.guardrail_title(guarded),
        "guardrail_figures": beside.guardrail_figures(guarded),
        "amounts": amounts,
        "amount_figures": beside.amount_figures(amounts),
        "amount_sentence": beside.amount_sentence(first, variants),
        "subgroups": beside.subgroups(document, variants),
    }


def _health(
    request: MemberRequest, found: Experiment, document: dict[str, Any] | None, variants: list[Variant]
) -> dict[str, Any]:
    context: dict[str, Any] = {
        **stopping_context(found),
        "may_pause": request.user.may_write and found.state == State.RUNNING,
        "alerts": found.alerts.prefetch_related("notes__member"),
        "document": document,
        "headline": running.headline(found, document),
        "days": running.days(found, now()),
        "log": queries.history(found)[:10],
        "sent": running.sent(found),
    }
    if document is None:
        return context
    metrics, counted = list(found.metrics.all()), running.counted(document, variants)
    return context | {
        "as_of": parse_datetime(document["as_of"]),
        "health": health_items(document),
        "failed": running.failed(document),
        "crossed": running.crossed(document),
        "counted": counted,
        "exposed": sum(row.customers for row in counted),
        "contaminated": sum(row.contaminated for row in counted),
        "sources": running.sources(metrics),
        "guarded": beside.guardrails(document, metrics, variants),
    }
