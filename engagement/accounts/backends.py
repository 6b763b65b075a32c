"""Who a pair of e-mail and password is."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from engagement.accounts.models import Member
from engagement.core.network import is_loopback


class MemberBackend(AuthenticationBackend):
    """Sign-in by e-mail; a demonstration member gets in only from the machine the site runs on."""

    def authenticate(  # type: ignore[override]  # allauth's own backend takes what credentials come
        self, request: HttpRequest | None, **credentials: Any
    ) -> Member | None:
        member = super().authenticate(request, **credentials)
        if not isinstance(member, Member):
            return None
        is_elsewhere = request is not None and not is_loopback(request)
        return None if member.is_demonstration and is_elsewhere else member
