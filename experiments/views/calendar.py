"""The quarter's calendar, its tables, and moving an experiment in it."""

from datetime import date, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backlog.quarters import Quarter
from backlog.queries import current_quarter, quarter_named
from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now
from engagement.core.csv_answers import csv_answer
from engagement.core.errors import DomainError, Forbidden, NotFound
from experiments import queries, rules
from experiments.forms.calendar import MoveForm
from experiments.models import Experiment
from experiments.reports.calendar import page
from experiments.services import plans

TABLES = {"weeks": page.weeks_table, "experiments": page.experiments_table}


def calendar_now(request: MemberRequest) -> HttpResponse:
    return redirect("calendar", str(current_quarter(now())))


def shown(request: MemberRequest, quarter: str) -> HttpResponse:
    named = quarter_named(quarter)
    found = _calendar(request, named)
    context = {
        **page.calendar_page(found),
        "quarters": [named.previous, named, named.next],
        "may_plan": rules.may_plan(request.user),
    }
    return render(request, "experiments/calendar.html", context)


def table_csv(request: MemberRequest, quarter: str, name: str) -> HttpResponse:
    """The weeks, or the experiments, as a table."""
    named = quarter_named(quarter)
    if name not in TABLES:
        raise NotFound(_("The calendar has no table “%(name)s”.") % {"name": name})
    header, rows = TABLES[name](_calendar(request, named))
    return csv_answer(f"{named}-{name}.csv", header, rows)


def _calendar(request: MemberRequest, quarter: Quarter) -> page.Calendar:
    return page.calendar(quarter, member=request.user, zone=ZoneInfo(request.workspace.time_zone), at=now())


def move(request: MemberRequest, key: str) -> HttpResponse:
    """Other days for an experiment that is not launched; `?first=` proposes them."""
    found = queries.experiment(key)
    rules.require_may_prepare(request.user, found)
    zone = ZoneInfo(request.workspace.time_zone)
    if request.method != "POST":
        return _page(request, found, MoveForm(initial=_initial(request, found, zone)))
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    days = form.moments(zone)
    try:
        plans.move(experiment=found, **days, reason=form.cleaned_data["reason"], actor=request.user)
    except Forbidden:
        raise
    except DomainError as error:
        form.refuse(error)
        return _page(request, found, form, status=error.status)
    told = {"name": found, "day": date_format(days["starts"], "j F")}
    messages.success(request, _("“%(name)s” is moved: it starts on %(day)s.") % told)
    return redirect("calendar", str(current_quarter(days["starts"])))


def _initial(request: MemberRequest, found: Experiment, zone: ZoneInfo) -> dict[str, date | None]:
    """The days it has; from another first day, as many."""
    first = found.starts.astimezone(zone).date() if found.starts else None
    last = (found.ends - timedelta(microseconds=1)).astimezone(zone).date() if found.ends else None
    try:
        proposed = date.fromisoformat(request.GET.get("first", ""))
    except ValueError:
        return {"first_day": first, "last_day": last}
    length = last - first if first and last else None
    return {"first_day": proposed, "last_day": proposed + length if length else last}


def _page(request: MemberRequest, found: Experiment, form: MoveForm, *, status: int = HTTPStatus.OK) -> HttpResponse:
    quarter = current_quarter(found.starts or now())
    context = {"experiment": found, "form": form, "quarter": quarter}
    return render(request, "experiments/move.html", context, status=status)
