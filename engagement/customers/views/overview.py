"""Customers: who is in which state, and by what rule."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import may_administer, require_writer
from engagement.accounts.views import refuse
from engagement.core import jobs
from engagement.core.csv_answers import csv_answer
from engagement.core.errors import InvalidInput
from engagement.core.figures import Bar, bars
from engagement.customers import queries, reports
from engagement.customers.cohorts import STEPS
from engagement.customers.forms.customers import StateForm
from engagement.customers.services import states
from engagement.customers.services.states import Comparison
from engagement.customers.states import CustomerState, StateRule

COUNT = "engagement.customers.services.states.count"


def overview(request: MemberRequest) -> HttpResponse:
    return _page(request, None)


@require_POST
def states_count(request: MemberRequest) -> HttpResponse:
    """Counts the states anew, as a job."""
    require_writer(request.user)
    label = _("Customer states")
    job = jobs.enqueue(COUNT, label=label, asked_by=request.user, back_url=reverse("customers"))
    return redirect("job", job.pk)


@require_POST
def states_define(request: MemberRequest) -> HttpResponse:
    """First shows what other thresholds would change; saves them when asked to after that."""
    form = StateForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        if "save" in request.POST:
            states.define(**form.thresholds(), seen_version=form.cleaned_data["version"], actor=request.user)
            messages.success(request, _("The states are defined anew. Count them to see who is where."))
            return redirect("customers")
        rule = states.rule(**form.thresholds())
    except InvalidInput as error:
        return _page(request, refuse(form, error), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _page(request, form, comparison=states.compare(other=rule), other=rule)


def states_csv(request: MemberRequest) -> HttpResponse:
    """The states then and now, as a download."""
    counted = queries.newest_state_count()
    rows = [(then, now, n) for then, row in counted.moved.items() for now, n in row.items()] if counted else []
    return csv_answer("customer-states.csv", ("state_then", "state_now", "customers"), rows)


def cohorts_csv(request: MemberRequest) -> HttpResponse:
    """The cohorts, as a download: a row a cohort and week, or month, empty where that is not over."""
    counted = queries.newest_state_count()
    kind = _cohort_kind(request)
    found = reports.cohort_lines(counted, kind) if counted else []
    rows = [
        (cohort.began, cohort.customers, step, back.share, back.low, back.high)
        for cohort in found
        for step, back in zip(STEPS[kind], cohort.later, strict=True)
    ]
    return csv_answer(f"cohorts-by-{kind}.csv", ("began", "customers", kind, "share", "low", "high"), rows)


def _cohort_kind(request: MemberRequest) -> str:
    asked = request.GET.get("cohorts", "")
    return asked if asked in STEPS else "week"


def _page(
    request: MemberRequest,
    form: StateForm | None,
    *,
    comparison: Comparison | None = None,
    other: StateRule | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    rule, version = queries.state_rule(), queries.state_version()
    now = {"power": round(100 * rule.power), "core": round(100 * rule.core), "casual": round(100 * rule.casual)}
    context: dict[str, Any] = {
        "customer_count": queries.customer_count(),
        "rule": rule,
        "version": version,
        "labels": list(reports.STATE_LABELS.values()),
        "form": form or StateForm(initial={**now, "version": version}),
        "may_define": may_administer(request.user),
        "may_count": request.user.may_write,
        **_counted(rule, _cohort_kind(request)),
    }
    if comparison and other:
        context |= {
            "compared": reports.move_lines(comparison.moved),
            "compared_states": reports.state_lines(comparison.now, other),
        }
    return render(request, "customers/overview.html", context, status=status)


def _counted(rule: StateRule, kind: str) -> dict[str, Any]:
    found = queries.newest_state_count()
    if found is None:
        return {"counted": None}
    lines = reports.state_lines(found.customers, rule)
    everybody, cohorts = sum(found.customers.values()), reports.cohort_lines(found, kind)
    return {
        "counted": found,
        "lines": lines,
        "everybody": everybody,
        "is_old": found.version != queries.state_version() or found.interval_days != rule.interval_days,
        "title": reports.states_sentence(found.customers),
        "figure": bars([_bar(line) for line in lines]),
        "moves": reports.move_lines(found.moved),
        "moves_sentence": reports.moves_sentence(found.moved),
        "states": list(CustomerState),
        "cohorts": cohorts,
        "cohorts_sentence": reports.cohorts_sentence(cohorts, kind),
        "cohort_kind": kind,
        "steps": STEPS[kind],
    }


def _bar(line: reports.StateLine) -> Bar:
    return Bar(str(line.label), line.percent, f"{line.percent:.1f}%", f"{line.customers:,}")
