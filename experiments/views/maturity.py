"""Rating the way we work, factor by factor."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from backlog.queries import current_quarter, quarter_named
from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import require_writer
from engagement.core.clock import now
from engagement.core.errors import Conflict
from experiments.forms.maturity import NUMBERS, MaturityForm
from experiments.queries import maturity as queries
from experiments.services import maturity


def rate_now(request: MemberRequest) -> HttpResponse:
    return redirect("maturity", str(current_quarter(now())))


def rate(request: MemberRequest, quarter: str) -> HttpResponse:
    """One's own ratings; of the others' the count alone, so that nobody is led by what was said before."""
    require_writer(request.user)
    named = quarter_named(quarter)
    own = queries.own_ratings(request.user, str(named))
    form = MaturityForm(request.POST if request.method == "POST" else None, own=own)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                maturity.rate(quarter=named, ratings=form.values(), actor=request.user)
            except Conflict as error:
                form.add_error(None, str(error))
                status = HTTPStatus.CONFLICT
            else:
                messages.success(request, _("Your ratings are kept. Averages stand in the quarter’s report."))
                return redirect("maturity", str(named))
    present = current_quarter(now())
    context = {
        "form": form,
        "numbers": NUMBERS,
        "quarter": named,
        "quarters": [present.previous, present],
        "is_open": named in (present, present.previous),
        "raters": queries.rater_count(str(named)),
        "has_rated": bool(own),
    }
    return render(request, "experiments/maturity.html", context, status=status)
