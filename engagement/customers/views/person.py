"""One customer: names, traits, what was allowed, what happened. Personal data are masked; showing them is logged."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.accounts.services import audit
from engagement.core.errors import InvalidInput
from engagement.customers import queries, rules
from engagement.customers.forms.customers import ConsentForm
from engagement.customers.masking import is_personal, masked
from engagement.customers.models import Consent, Customer, Erasure, Suppression
from engagement.customers.services import erasure, permissions
from engagement.customers.services.events_of import events_of

PAGE = 50


def find(request: MemberRequest) -> HttpResponse:
    """To the customer with exactly this id or address; several or none are told on the page."""
    text = request.GET.get("q", "").strip()
    found = queries.customers_named(text) if text else []
    if len(found) == 1:
        return redirect("customer", found[0].pk)
    return render(request, "customers/find.html", {"found": found, "text": text})


def customer(request: MemberRequest, pk: int) -> HttpResponse:
    return _page(request, queries.customer(pk))


@require_POST
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """The page with personal data as they are, for those who may; the view is kept in the audit trail."""
    rules.require_may_see_personal(request.user)
    found = queries.customer(pk)
    audit.record(actor=request.user, verb="viewed personal data", target=found)
    return _page(request, found, is_shown=True)


@require_POST
def consent(request: MemberRequest, pk: int) -> HttpResponse:
    found, form = queries.customer(pk), ConsentForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    permissions.say(customer=found, actor=request.user, **form.cleaned_data)
    messages.success(request, _("The word is recorded."))
    return redirect("customer", found.pk)


@require_POST
def erase(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks for the customer's number once more, for nothing brings the data back."""
    rules.require_may_erase(request.user)
    found = queries.customer(pk)
    if request.POST.get("number", "").strip() != str(found.pk):
        raise InvalidInput(_("Type the customer's number to erase them: nothing brings the data back."))
    erasure.erase(customer=found, actor=request.user)
    messages.success(request, _("Erased. The properties of their events are gone within eight days."))
    return redirect("customer", found.pk)


def _page(
    request: MemberRequest, found: Customer, *, is_shown: bool = False, form: ConsentForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    number = request.GET.get("from", "0")
    offset = min(int(number), 10_000_000) if number.isdecimal() else 0
    rows = events_of(found, most=PAGE + 1, offset=offset)
    context: dict[str, Any] = {
        "customer": found,
        "number": f"{found.pk}",
        "names": _names(found, is_shown),
        "traits": _traits(found, is_shown),
        "is_shown": is_shown,
        "may_show": rules.may_see_personal(request.user),
        "may_write": request.user.may_write,
        "consents": list(Consent.objects.filter(customer=found)),
        "suppressions": list(Suppression.objects.filter(customer=found).select_related("added_by")),
        "merges": list(found.merges.order_by("-at")),
        "erasure": Erasure.objects.filter(customer=found).first(),
        "events": rows[:PAGE],
        "older": offset + PAGE if len(rows) > PAGE else None,
        "offset": offset,
        "form": form or ConsentForm(),
    }
    return render(request, "customers/customer.html", context, status=status)


def _names(found: Customer, is_shown: bool) -> list[tuple[str, str]]:
    """By what this customer is known; the customer's own id is the organisation's and stays readable."""
    named = [(_("Customer id"), found.external_id or "")]
    own = [(_("E-mail"), found.email), *((str(i.get_kind_display()), i.value) for i in found.identities.all())]
    named += [(label, value if is_shown else masked(value)) for label, value in own]
    return [(label, value) for label, value in named if value]


def _traits(found: Customer, is_shown: bool) -> list[tuple[str, Any]]:
    own = {"time_zone": found.time_zone, "locale": found.locale, **found.traits}
    return [
        (name, value if is_shown or not is_personal(name) else masked(str(value)))
        for name, value in sorted(own.items()) if value not in ("", None)
    ]  # fmt: skip
