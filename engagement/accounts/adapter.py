"""What allauth asks this site: who may sign up, and how a new member is made."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from engagement.accounts import queries
from engagement.accounts.services import invitations


class InvitationAdapter(DefaultAccountAdapter):
    """Sign-up is open only to a session that followed a valid invitation, and only for the address invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return queries.open_invitation(request.session.get(invitations.SESSION_KEY, "")) is not None

    def clean_email(self, email: str) -> str:
        return super().clean_email(email).lower()

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        invitation = queries.open_invitation(request.session.get(invitations.SESSION_KEY, ""))
        user.set_password(form.cleaned_data["password1"])
        invitations.accept(invitation=invitation, member=user, name=form.cleaned_data["name"])
        del request.session[invitations.SESSION_KEY]
        return user
