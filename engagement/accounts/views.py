"""Settings: the workspace, its people, their pods, and what they changed."""

from typing import TypeVar

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts import queries, rules
from engagement.accounts.forms import ApiKeyForm, InvitationForm, MemberForm, PodForm, ProfileForm, WorkspaceForm
from engagement.accounts.models import Member, Pod
from engagement.accounts.requests import MemberRequest
from engagement.accounts.services import invitations, keys, people
from engagement.core.errors import InvalidInput

AnyForm = TypeVar("AnyForm", bound=forms.BaseForm)


def refuse(form: AnyForm, error: InvalidInput) -> AnyForm:
    """Puts a service's refusal beside the field it names, so that the form comes back with what was typed."""
    form.add_error(error.field if error.field in form.fields else None, str(error))
    return form


def workspace_settings(request: MemberRequest) -> HttpResponse:
    workspace = queries.workspace()
    form = WorkspaceForm(request.POST or None, instance=workspace)
    if request.method == "POST":
        rules.require_administrator(request.user)
        if form.is_valid():
            try:
                people.change_workspace(workspace=queries.workspace(), actor=request.user, **form.cleaned_data)
                messages.success(request, _("Settings saved."))
                return redirect("settings")
            except InvalidInput as error:
                refuse(form, error)
    return render(request, "accounts/settings.html", {"form": form, "may_change": rules.may_administer(request.user)})


def profile(request: MemberRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=Member.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        people.change_profile(member=request.user, **form.cleaned_data)
        messages.success(request, _("Profile saved."))
        return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form})


def _people_page(
    request: MemberRequest, form: InvitationForm, invited: invitations.Invited | None = None
) -> HttpResponse:
    may_change = rules.may_administer(request.user)
    context = {
        "members": queries.members_shown_to(request.user),
        "pods": queries.pods(),
        "invitations": queries.open_invitations() if may_change else [],
        "form": form,
        "invited": invited,
        "may_change": may_change,
    }
    return render(request, "accounts/people.html", context)


def people_list(request: MemberRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None)
    if request.method == "POST":
        rules.require_administrator(request.user)
        if form.is_valid():
            try:
                return _people_page(
                    request, InvitationForm(), invitations.invite(actor=request.user, **form.cleaned_data)
                )
            except InvalidInput as error:
                refuse(form, error)
    return _people_page(request, form)


@require_POST
def withdraw_invitation(request: MemberRequest, invitation_id: int) -> HttpResponse:
    rules.require_administrator(request.user)
    found = get_object_or_404(queries.open_invitations(), pk=invitation_id)
    invitations.withdraw(invitation=found, actor=request.user)
    messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": found.email})
    return redirect("people")


def member(request: MemberRequest, member_id: int) -> HttpResponse:
    rules.require_administrator(request.user)
    found = get_object_or_404(Member, pk=member_id)
    form = MemberForm(request.POST or None, instance=Member.objects.get(pk=member_id))
    if request.method == "POST" and form.is_valid():
        people.change_member(member=found, actor=request.user, **form.cleaned_data)
        messages.success(request, _("%(name)s saved.") % {"name": found})
        return redirect("people")
    return render(request, "accounts/member.html", {"form": form, "found": found})


def pod(request: MemberRequest, slug: str | None = None) -> HttpResponse:
    found = get_object_or_404(Pod, slug=slug) if slug else None
    form = PodForm(request.POST or None, instance=get_object_or_404(Pod, slug=slug) if slug else None)
    if request.method == "POST":
        rules.require_administrator(request.user)
        if form.is_valid():
            try:
                people.save_pod(pod=found, actor=request.user, **form.cleaned_data)
                return redirect("people")
            except InvalidInput as error:
                refuse(form, error)
    return render(
        request, "accounts/pod.html", {"form": form, "pod": found, "may_change": rules.may_administer(request.user)}
    )


def api_keys(request: MemberRequest) -> HttpResponse:
    """The keys programs sign in with; a new one is shown once, on the page that answers its making."""
    rules.require_administrator(request.user)
    form, text = ApiKeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _key, text = keys.make_key(actor=request.user, **form.cleaned_data)
            form = ApiKeyForm()
        except InvalidInput as error:
            refuse(form, error)
    context = {"keys": queries.api_keys(), "form": form, "text": text}
    response = render(request, "accounts/api_keys.html", context)
    response["Cache-Control"] = "no-store"  # the key must not be had by going back
    return response


@require_POST
def api_key_revoke(request: MemberRequest, key_id: int) -> HttpResponse:
    rules.require_administrator(request.user)
    key = get_object_or_404(queries.api_keys(), pk=key_id)
    keys.revoke_key(key=key, actor=request.user)
    messages.success(request, _("The key %(name)s is revoked.") % {"name": key.name})
    return redirect("api_keys")


def audit_trail(request: MemberRequest) -> HttpResponse:
    rules.require_administrator(request.user)
    page = Paginator(queries.audit_trail(), 50).get_page(request.GET.get("page"))
    return render(request, "accounts/audit_trail.html", {"page": page})


@login_not_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The door of an invited person: remembers the invitation and shows the sign-up form."""
    found = queries.open_invitation(token)
    if found is None:
        sentence = _("This invitation is used up or too old. Ask the person who sent it for a new one.")
        return render(request, "core/refused.html", {"sentence": sentence}, status=404)
    request.session[invitations.SESSION_KEY] = found.pk
    return redirect("account_signup")
