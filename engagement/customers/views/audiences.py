"""Audiences: the list, the rule editor, the count that adds up."""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import require_writer
from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import DomainError
from engagement.core.models import Job, JobState
from engagement.customers import queries, reports
from engagement.customers.choices import Channel
from engagement.customers.forms.audience import RuleDraft
from engagement.customers.models import Audience, AudienceCount, AudienceVersion
from engagement.customers.services import audiences
from engagement.customers.wording import rule_words

FRESH = timedelta(minutes=5)
COUNT = "engagement.customers.services.audiences.count_job"


def audience_list(request: MemberRequest) -> HttpResponse:
    rows = [
        {"audience": one, "words": rule_words(audiences.parsed(version.rule)), "version": version, "count": counted}
        for one, version, counted in queries.audiences()
    ]
    return render(request, "customers/audiences.html", {"rows": rows})


def new(request: MemberRequest) -> HttpResponse:
    """The rule editor; its buttons for another condition bring it back as typed, only the main one judges it."""
    require_writer(request.user)
    return _edited(request, None)


def audience(request: MemberRequest, pk: int) -> HttpResponse:
    """One audience: its rule in words, its newest count, its versions; the editor for whoever may write."""
    found = get_object_or_404(Audience, pk=pk)
    if request.method == "POST":
        require_writer(request.user)
        return _edited(request, found)
    return _page(request, found, RuleDraft.fresh(found.versions.first()))


@require_POST
def count(request: MemberRequest, pk: int) -> HttpResponse:
    """Counts the newest version, as a job."""
    require_writer(request.user)
    found = get_object_or_404(Audience, pk=pk)
    channel = request.POST.get("channel", "")
    version = found.versions.first()
    job = jobs.enqueue(
        COUNT, label=_("Counting “%(name)s”") % {"name": found}, asked_by=request.user,
        back_url=reverse("audience", args=[pk]), version_id=version.pk if version else 0,
        channel=channel if channel in Channel.values else "",
    )  # fmt: skip
    return redirect("job", job.pk)


@require_POST
def live(request: MemberRequest) -> HttpResponse:
    """Whom the rule as it is typed holds: the newest count of it, else a job that counts it."""
    require_writer(request.user)
    return render(request, "customers/_audience_live.html", {**_live(request), "is_poll": True})


def live_job(request: MemberRequest, job_id: str) -> HttpResponse:
    """How far such a job is; when it is done, what it counted."""
    job = get_object_or_404(Job.objects.filter(name=audiences.DRAFT_JOB, asked_by=request.user.pk), pk=job_id)
    rule, found = job.arguments.get("rule"), None  # none once a customer whom it named is erased
    if rule and job.state == JobState.DONE:
        found = queries.newest_draft_count(audiences.digest(rule), channel=job.arguments["channel"])
    context = {
        **_shown(found, request.GET.get("counted", "")), "job": job, "is_poll": True,
        "silent_live": _silent(rule) if rule else [],
    }  # fmt: skip
    return render(request, "customers/_audience_live.html", context)


def _live(request: MemberRequest) -> dict[str, Any]:
    draft = RuleDraft.judged(request.POST, needs_name=False)
    if not draft.is_valid():
        return {**_shown(None, request.POST.get("counted", "")), "why": draft.problem}
    tree, channel = draft.tree(), request.POST.get("channel", "")
    channel = channel if channel in Channel.values else ""
    found = queries.newest_draft_count(audiences.digest(tree), channel=channel)
    is_fresh = found is not None and now() - found.at < FRESH
    job = None if is_fresh else audiences.ask_draft_count(rule=tree, channel=channel, actor=request.user)
    shown = _shown(found if is_fresh else None, request.POST.get("counted", ""))
    return {**shown, "job": job, "silent_live": _silent(tree)}


def _silent(tree: Any) -> list[str]:
    return reports.silent_sentences(audiences.parsed(tree))


def _shown(found: AudienceCount | None, last: str) -> dict[str, Any]:
    """The count of the rule as it is; without it, the one that the page showed last."""
    shown = found or (AudienceCount.objects.filter(pk=int(last), experiment="").first() if last.isdecimal() else None)
    lines = reports.audience_lines(shown) if shown else None
    return {"count_id": shown.pk if shown else "", "live": lines if found else None, "last": None if found else lines}


def _edited(request: MemberRequest, found: Audience | None) -> HttpResponse:
    version = found.versions.first() if found else None
    if request.method != "POST":
        return _page(request, found, RuleDraft.fresh(version))
    if "add_condition" in request.POST:
        return _page(request, found, RuleDraft.typed(request.POST))
    if "count_rule" in request.POST:
        return _page(request, found, RuleDraft.judged(request.POST, needs_name=False), live=_live(request))
    draft = RuleDraft.judged(request.POST, needs_name=found is None)
    if not draft.is_valid():
        return _page(request, found, draft, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        saved = _saved(request, found, draft)
    except DomainError as error:
        draft.refuse(error)
        return _page(request, found, draft, error.status)
    messages.success(
        request, _("Saved as version %(number)d. Count it to see who it holds.") % {"number": saved.number}
    )
    return redirect("audience", saved.audience_id)


def _saved(request: MemberRequest, found: Audience | None, draft: RuleDraft) -> AudienceVersion:
    if found is None:
        return audiences.create(name=draft.name, note=draft.note, rule=draft.tree(), actor=request.user)
    return audiences.change(audience=found, rule=draft.tree(), actor=request.user, seen_version=draft.seen_version)


def _page(
    request: MemberRequest, found: Audience | None, draft: RuleDraft, status: int = HTTPStatus.OK,
    *, live: dict[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    versions = list(found.versions.select_related("made_by")) if found else []
    counted = queries.newest_audience_count(versions[0]) if versions else None
    context: dict[str, Any] = {
        "audience": found,
        "versions": [(one, rule_words(audiences.parsed(one.rule))) for one in versions],
        "draft": draft,
        "errors": status >= HTTPStatus.BAD_REQUEST,
        "counted": reports.audience_lines(counted) if counted else None,
        "channels": Channel.choices,
        "as_json": json.dumps(versions[0].rule, indent=1, ensure_ascii=False) if versions else "",
        "may_write": request.user.may_write,
        "silent": _silent(versions[0].rule) if versions else [],
        "channel": request.POST.get("channel", ""),
        "count_id": counted.pk if counted else "",
        **(live or {}),
    }
    return render(request, "customers/audience.html", context, status=status)
