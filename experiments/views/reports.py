"""Reading the quarterly report: the newest, a revision, a draft, its tables, its PDF."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now
from engagement.core.csv_answers import csv_answer
from engagement.core.errors import NotFound
from experiments import queries
from experiments.models import ReportRevision, ReportSubscription
from experiments.reports.quarterly import period, tables
from experiments.reports.quarterly.page import quarter_label, quarter_page
from experiments.reports.quarterly.paper import PAPERS, pdf
from experiments.services.reporting.releasing import draft


def report_list(request: MemberRequest) -> HttpResponse:
    current, released = period.quarter_of(now()), queries.released_quarters()
    listed = [
        {
            "quarter": str(quarter),
            "label": quarter_label(str(quarter)),
            "decided": decided,
            "is_current": quarter == current,
            "revision": released.get(str(quarter)),
        }
        for quarter, decided in period.reported_quarters().items()
    ]
    is_subscribed = ReportSubscription.objects.filter(member=request.user).exists()
    return render(request, "experiments/reports.html", {"quarters": listed, "is_subscribed": is_subscribed})


def report(request: MemberRequest, quarter: str) -> HttpResponse:
    """The newest revision; while there is none, the draft."""
    named = period.quarter_named(quarter)
    newest = queries.revisions(quarter).first()
    return _shown(request, newest) if newest else _draft(request, str(named))


def revision(request: MemberRequest, quarter: str, number: int) -> HttpResponse:
    return _shown(request, queries.revision(quarter, number))


def draft_page(request: MemberRequest, quarter: str) -> HttpResponse:
    """What would be released now, also where a revision stands already."""
    return _draft(request, str(period.quarter_named(quarter)))


def table_csv(request: MemberRequest, quarter: str, name: str, number: int | None = None) -> HttpResponse:
    """The table behind a figure, of a revision or of the draft."""
    document = queries.revision(quarter, number).document if number else draft(quarter=period.quarter_named(quarter))
    if name not in tables.TABLES:
        raise NotFound(_("A report has no table “%(name)s”.") % {"name": name})
    header, rows = tables.TABLES[name](document)
    return csv_answer(f"{quarter}-{name}.csv", header, rows)


def paper(request: MemberRequest, quarter: str, number: int | None = None) -> HttpResponse:
    """A revision, or the draft, as PDF; `?paper=letter` for Letter."""
    shown = queries.revision(quarter, number) if number else None
    document = shown.document if shown else draft(quarter=period.quarter_named(quarter))
    own = reverse("report_revision", args=[quarter, number]) if number else reverse("report", args=[quarter])
    size = request.GET.get("paper", "a4")
    if size not in PAPERS:
        raise NotFound(_("A report is printed on a4 or letter."))
    body = pdf(document, revision=shown, address=request.build_absolute_uri(own), paper=size)
    name = f"{quarter}-{number}.pdf" if number else f"{quarter}-draft.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(body, content_type="application/pdf", headers=headers)


def _draft(request: MemberRequest, quarter: str) -> HttpResponse:
    document = draft(quarter=period.quarter_named(quarter))
    context = {
        **quarter_page(document),
        "address": request.build_absolute_uri(reverse("report", args=[quarter])),
        "tables_base": reverse("report", args=[quarter]),
        "text": queries.report_text(quarter),
        "is_draft": True,
    }
    return render(request, "experiments/report.html", context)


def _shown(request: MemberRequest, shown: ReportRevision) -> HttpResponse:
    return render(request, "experiments/report.html", revision_context(shown, request.build_absolute_uri))


def revision_context(shown: ReportRevision, absolute: Any) -> dict[str, Any]:
    """A revision with what grows beside it: newer revisions and answers. Its numbers are frozen."""
    own = reverse("report_revision", args=[shown.quarter, shown.number])
    answers = queries.answers_by_ask(shown)
    page = quarter_page(shown.document)
    page["asks"] = [{**ask, "answers": answers.get(ask["id"], [])} for ask in page["asks"]]
    newest = queries.revisions(shown.quarter).first()
    return {
        **page,
        "revision": shown,
        "newer": newest if newest and newest.number != shown.number else None,
        "address": absolute(own),
        "tables_base": own,
        "is_draft": False,
    }
