"""Keys that programs sign in with: made, shown once, revoked."""

import hashlib
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts import rules
from engagement.accounts.choices import KeyKind, Scope
from engagement.accounts.models import ApiKey, Member
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import InvalidInput

PREFIX = {KeyKind.SECRET: "ice_sk_", KeyKind.PUBLISHABLE: "ice_pk_"}
SHOWN = 12


def key_hash(text: str) -> str:
    """How a key is kept. No salt, no stretching: a key is 256 random bits, which nobody guesses from a hash."""
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def make_key(
    *,
    name: str,
    kind: str,
    origins: Sequence[str] = (),
    scopes: Sequence[str] = (Scope.TRACK,),
    actor: Member | None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which can be had only now.

    A publishable one names the origins it is used from; it sends events and asks for variants only. One that reads
    sees what its maker sees.
    """
    rules.require_administrator(actor)
    text = PREFIX[KeyKind(kind)] + secrets.token_urlsafe(32)
    named = [_origin(origin) for origin in origins] if kind == KeyKind.PUBLISHABLE else []
    if kind == KeyKind.PUBLISHABLE and not named:
        raise InvalidInput(_("A publishable key names the origins it is used from."), field="origins")
    told = {"kind": kind, "origins": named, "scopes": _scopes(scopes, kind, actor)}
    key = ApiKey.objects.create(name=name, start=text[:SHOWN], key_hash=key_hash(text), made_by=actor, **told)
    audit.record(actor=actor, verb="made key", target=key, after=told)
    return key, text


@transaction.atomic
def revoke_key(*, key: ApiKey, actor: Member | None) -> None:
    """Whoever uses it is refused from now on; a web process that knew it may take it for some seconds more."""
    rules.require_administrator(actor)
    if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now()):
        audit.record(actor=actor, verb="revoked key", target=key)


def _scopes(scopes: Sequence[str], kind: str, actor: Member | None) -> list[str]:
    found = [scope for scope in Scope.values if scope in scopes]
    if not found:
        raise InvalidInput(_("Say what the key may be used for."), field="scopes")
    if Scope.READ in found and kind == KeyKind.PUBLISHABLE:
        raise InvalidInput(
            _("A publishable key sends events and asks for variants only: anybody can read it."), field="scopes"
        )
    if Scope.READ in found and actor is None:
        raise InvalidInput(_("A key that reads sees what its maker sees; a member makes it, in the settings."))
    return found


def _origin(text: str) -> str:
    """`https://shop.example.org`: scheme, host, port if there is one, and nothing after it."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/") or parts.query:
        sentence = _("“%(origin)s” is no origin; one looks like https://shop.example.org.")
        raise InvalidInput(sentence % {"origin": text}, field="origins")
    return f"{parts.scheme}://{parts.netloc.lower()}"
