"""Programs at the REST API: a key that reads, in the name of the member who made it."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from engagement.accounts import queries
from engagement.accounts.choices import Scope
from engagement.accounts.keys import KnownKey, known_key
from engagement.accounts.models import Member


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer ice_sk_…`: sees what the key's maker sees, changes nothing."""

    def authenticate(self, request: Request) -> tuple[Member, KnownKey] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = known_key(text.strip())
        maker = queries.active_member(key.made_by) if key and key.made_by else None
        if key is None or maker is None:
            raise AuthenticationFailed("This key is not known, was revoked, or its maker has left.")
        if Scope.READ not in key.scopes:
            raise PermissionDenied("This key may send events and nothing else.")
        if request.method not in SAFE_METHODS:
            raise PermissionDenied("A key reads; what is changed here is changed by a member.")
        return maker, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its hook says no types
    """How the schema tells of it."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key with the scope “read”."}
