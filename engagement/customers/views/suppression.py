"""Who is left in peace, where, why and until when."""

from http import HTTPStatus

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.accounts.views import refuse
from engagement.core.errors import InvalidInput
from engagement.customers import queries, reports
from engagement.customers.forms.customers import SuppressionFilter, SuppressionForm
from engagement.customers.models import Suppression
from engagement.customers.services import permissions

PAGE_SIZE = 50


def suppression_list(request: MemberRequest) -> HttpResponse:
    """The list with its form; a refused form brings everything typed back."""
    if request.method != "POST":
        return _page(request, SuppressionForm())
    form = SuppressionForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        added = permissions.suppress(customers=permissions.named(form.ids()), actor=request.user, **form.values())
    except InvalidInput as error:
        return _page(request, refuse(form, error), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    told = ngettext("%(count)d customer is left in peace.", "%(count)d customers are left in peace.", added)
    messages.success(request, told % {"count": added})
    return redirect("suppressions")


@require_POST
def lift(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Suppression, pk=pk)
    permissions.lift(suppression=found, because=request.POST.get("because", ""), actor=request.user)
    return redirect("suppressions")


def _page(request: MemberRequest, form: SuppressionForm, status: int = HTTPStatus.OK) -> HttpResponse:
    chosen = SuppressionFilter(request.GET)
    page = Paginator(queries.suppressions(**chosen.values()), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page, "form": form, "filter": chosen, "is_filtered": any(chosen.values().values()),
        "sentence": reports.peace_sentence(*queries.left_in_peace()),
    }  # fmt: skip
    return render(request, "customers/suppressions.html", context, status=status)
