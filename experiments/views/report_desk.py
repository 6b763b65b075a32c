"""Making the report: writing, asking, releasing, sharing; and what readers do with it: answering, subscribing."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.core import jobs
from engagement.core.errors import DomainError
from experiments import queries, rules
from experiments.forms.report import AskForm, LinkForm, ReportTextForm
from experiments.models import Ask, ReportLink
from experiments.reports.quarterly.page import quarter_label
from experiments.reports.quarterly.period import quarter_named
from experiments.services.reporting import answering, mailing, releasing, sharing, writing


def edit(request: MemberRequest, quarter: str) -> HttpResponse:
    """The writing desk; a refusal brings it back with everything that was typed."""
    named, text = quarter_named(quarter), queries.report_text(quarter)
    is_released = queries.revisions(quarter).exists()
    if request.method != "POST":
        return _desk(request, quarter, ReportTextForm(quarter=named, text=text, is_released=is_released))
    form = ReportTextForm(request.POST, quarter=named, text=None, is_released=is_released)
    if not form.is_valid():
        return _desk(request, quarter, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        writing.write(quarter=named, **form.values(), actor=request.user)
    except DomainError as error:
        form.add_error(None, str(error))
        return _desk(request, quarter, form, theirs=text, status=error.status)
    messages.success(request, _("Kept. Somebody else reads it and releases it."))
    return redirect("report_edit", quarter)


@require_POST
def ask_add(request: MemberRequest, quarter: str) -> HttpResponse:
    form = AskForm(request.POST)
    if not form.is_valid():
        return _desk(request, quarter, None, ask_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    writing.ask(quarter=quarter_named(quarter), **form.cleaned_data, actor=request.user)
    return redirect(reverse("report_edit", args=[quarter]) + "#asks")


@require_POST
def ask_withdraw(request: MemberRequest, quarter: str, ask_id: int) -> HttpResponse:
    writing.withdraw(ask=get_object_or_404(Ask, pk=ask_id, quarter=quarter), actor=request.user)
    return redirect(reverse("report_edit", args=[quarter]) + "#asks")


@require_POST
def release(request: MemberRequest, quarter: str) -> HttpResponse:
    """Releases what the reader saw, and mails it to the subscribers."""
    seen = request.POST.get("version", "")
    version = int(seen) if seen.isdecimal() else None
    made = releasing.release(quarter=quarter_named(quarter), actor=request.user, seen_version=version)
    address = request.build_absolute_uri(releasing.address(made))
    jobs.enqueue(
        "experiments.tasks.mail_report", label=_("Sending the report of %(quarter)s") % {"quarter": quarter},
        asked_by=request.user, revision_id=made.pk, address=address,
    )  # fmt: skip
    messages.success(request, _("Released as revision %(number)d.") % {"number": made.number})
    return redirect("report", quarter)


@require_POST
def answer(request: MemberRequest, quarter: str, ask_id: int) -> HttpResponse:
    ask = get_object_or_404(Ask, pk=ask_id, quarter=quarter)
    answering.answer(ask=ask, reply=request.POST.get("reply", ""), name=request.user.name, member=request.user)
    messages.success(request, _("%(name)s gets your answer.") % {"name": ask.owner})
    return redirect(reverse("report", args=[quarter]) + "#asks")


@require_POST
def subscription(request: MemberRequest) -> HttpResponse:
    """Turns the short mail of every release on or off."""
    if request.POST.get("wanted") == "yes":
        mailing.subscribe(member=request.user)
    else:
        mailing.unsubscribe(member=request.user)
    return redirect("reports")


def links(request: MemberRequest, quarter: str) -> HttpResponse:
    """The ways in that were handed out; a new one is shown this once."""
    quarter_named(quarter)
    form = LinkForm(request.POST or None)
    made = ""
    if request.method == "POST" and form.is_valid():
        named = {"quarter": quarter_named(quarter), "reader": form.cleaned_data["reader"]}
        _link, token = sharing.make_link(**named, expires_at=form.expires_at(), actor=request.user)
        made, form = request.build_absolute_uri(reverse("shared_report", args=[token])), LinkForm()
    context = {"quarter": quarter, "label": quarter_label(quarter), "links": queries.report_links(quarter)}
    return render(request, "experiments/report_links.html", {**context, "form": form, "made": made})


@require_POST
def link_revoke(request: MemberRequest, quarter: str, link_id: int) -> HttpResponse:
    sharing.revoke(link=get_object_or_404(ReportLink, pk=link_id, quarter=quarter), actor=request.user)
    return redirect("report_links", quarter)


def _desk(
    request: HttpRequest, quarter: str, form: ReportTextForm | None, *, ask_form: AskForm | None = None,
    theirs: Any = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    text, newest = queries.report_text(quarter), queries.revisions(quarter).first()
    named = quarter_named(quarter)
    member: Any = request.user
    context = {
        "quarter": quarter,
        "label": quarter_label(quarter),
        "text": text,
        "theirs": theirs,
        "newest": newest,
        "form": form or ReportTextForm(quarter=named, text=text, is_released=newest is not None),
        "ask_form": ask_form or AskForm(),
        "asks": Ask.objects.filter(quarter=quarter, withdrawn_at=None).select_related("owner"),
        "why_not": rules.why_not_release(member, text),
    }
    return render(request, "experiments/report_edit.html", context, status=status)
