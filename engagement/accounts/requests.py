"""What a view is handed behind the sign-in page."""

from django.http import HttpRequest

from engagement.accounts.models import Member


class MemberRequest(HttpRequest):
    """A request whose `user` is a member: `LoginRequiredMiddleware` lets nobody else through. A type, never made."""

    user: Member
