"""The quarterly report, and the list of quarters."""

from django.http import HttpResponse
from django.shortcuts import render

from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now
from experiments.reports import quarter as quarters
from experiments.reports.quarter_page import quarter_label, quarter_page


def report_list(request: MemberRequest) -> HttpResponse:
    current = quarters.quarter_of(now())
    listed = [
        {
            "quarter": str(quarter),
            "label": quarter_label(str(quarter)),
            "decided": decided,
            "is_current": quarter == current,
        }
        for quarter, decided in quarters.reported_quarters().items()
    ]
    return render(request, "experiments/reports.html", {"quarters": listed})


def report(request: MemberRequest, quarter: str) -> HttpResponse:
    """Stands alone: no rail, no script."""
    document = quarters.quarter_report(quarters.quarter_named(quarter))
    context = {**quarter_page(document), "address": request.build_absolute_uri()}
    return render(request, "experiments/report.html", context)
