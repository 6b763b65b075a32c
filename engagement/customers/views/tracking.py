"""The tracking endpoints: plain views, for a request here is one of thousands a minute.

Whole requests are refused with the status of the standard and a JSON of `code` and `message`; single items of a batch
with a line each in `errors`, while the others are taken. 200 is said only after commit.
"""

import base64
import binascii
import zlib
from dataclasses import dataclass

import msgspec
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from engagement.accounts.choices import Scope
from engagement.accounts.cors import origin_of, preflight, readable
from engagement.accounts.keys import KnownKey, known_key
from engagement.core.clock import now
from engagement.customers import payloads
from engagement.customers.payloads import LARGEST_BATCH, LARGEST_ITEM, PUBLISHABLE, Envelope, Refused, Taken
from engagement.customers.rate import allowance
from engagement.customers.services import inbox

ENCODE = msgspec.json.Encoder().encode
ALLOWED = "Authorization, Content-Type, Content-Encoding"


class Unanswerable(Exception):
    """Why a whole request is refused: status, code and sentence."""

    def __init__(self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}


@dataclass(frozen=True, slots=True)
class ItemError:
    """One item of a call that was not taken."""

    index: int
    message_id: str | None
    message: str


@csrf_exempt
@login_not_required
def track(request: HttpRequest, kind: str) -> HttpResponse:
    """One call of the spec: identify, track, page, screen, group, alias, or a batch of them."""
    key = None
    try:
        if request.method == "OPTIONS":
            return preflight(request, allowed=ALLOWED) or _refusal(
                Unanswerable(403, "origin", "No key may be used from here.")
            )
        body = _body(request, kind)
        call = payloads.envelope(body) if kind == "batch" else Envelope(batch=[msgspec.Raw(body)])
        key = _key(request, call.write_key)
        _require_allowance(key)
        response = _answer(call, None if kind == "batch" else kind, key)
    except Refused as refusal:
        response = _refusal(Unanswerable(400, "malformed", str(refusal)))
    except Unanswerable as refusal:
        response = _refusal(refusal)
    return readable(response, request, key, exposed="Retry-After")


def _answer(call: Envelope, kind: str | None, key: KnownKey) -> HttpResponse:
    items, errors = _items(call, kind, key)
    items, unknown = _recognised(items)
    errors = sorted([*errors, *unknown], key=lambda error: error.index)
    accepted = inbox.accept([item for _, item in items])
    told = {"success": bool(items) or not errors, "accepted": accepted, "repeated": len(items) - accepted}
    if not errors:
        return HttpResponse(ENCODE(told), content_type="application/json")
    lines = [{"index": e.index, "messageId": e.message_id, "message": e.message} for e in errors]
    whole = {"code": "invalid", "message": errors[0].message} if not items else {}
    status = 200 if items else 400
    return HttpResponse(ENCODE({**told, **whole, "errors": lines}), content_type="application/json", status=status)


def _items(call: Envelope, kind: str | None, key: KnownKey) -> tuple[list[tuple[int, Taken]], list[ItemError]]:
    """The items that can be taken, each with its place, and what is wrong with the others."""
    received_at, found, errors = now(), list[tuple[int, Taken]](), list[ItemError]()
    for index, raw in enumerate(call.batch):
        try:
            item = payloads.taken(raw, kind=kind, received_at=received_at, sent_at=call.sent_at)
            if key.is_publishable:
                _require_publishable(item)
                item.is_trusted = False
        except Refused as refusal:
            errors.append(ItemError(index, _message_id(raw), str(refusal)))
        else:
            found.append((index, item))
    return found, errors


def _require_publishable(item: Taken) -> None:
    if item.kind not in PUBLISHABLE:
        raise Refused(f"A publishable key may not send {item.kind}.")
    if item.value is not None:
        raise Refused("A publishable key may not report amounts: anybody can read it and send any.")
    # A browser's word on which variant somebody met is checked: anybody may send any.
    if item.experiment is not None and not import_string(settings.EXPOSURE_CHECKER)(
        item.experiment, item.customer_id or item.anonymous_id, item.variant
    ):
        raise Refused(f"That customer does not have the variant “{item.variant}” of “{item.experiment}”.")


def _recognised(items: list[tuple[int, Taken]]) -> tuple[list[tuple[int, Taken]], list[ItemError]]:
    """Of exposures those whose experiment and variant exist."""
    named = {(item.experiment, item.variant) for _, item in items if item.experiment}
    if not named:
        return items, []
    known = import_string(settings.EXPOSURE_RECOGNISER)(named)
    wrong = [(i, item) for i, item in items if item.experiment and (item.experiment, item.variant) not in known]
    sentence = "There is no experiment “{}” with a variant “{}”."
    errors = [ItemError(i, item.message_id, sentence.format(item.experiment, item.variant)) for i, item in wrong]
    places = {i for i, _ in wrong}
    return [pair for pair in items if pair[0] not in places], errors


def _message_id(raw: msgspec.Raw) -> str | None:
    """The id of an item that could not be taken, where it has one that can be read."""
    try:
        told = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get("messageId")
        return msgspec.json.decode(told, type=str)[: payloads.LONGEST_NAME] if told else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _body(request: HttpRequest, kind: str) -> bytes:
    """The body, unpacked, never more of it in memory than a batch may hold."""
    if request.method != "POST":
        raise Unanswerable(405, "method", "Calls are POST requests.", headers={"Allow": "POST, OPTIONS"})
    largest = LARGEST_BATCH if kind == "batch" else LARGEST_ITEM
    length = request.headers.get("Content-Length") or "0"
    if not length.isdigit() or int(length) > LARGEST_BATCH:
        raise Unanswerable(413, "too_large", "A call may hold 500 KB.")
    sent = request.read(LARGEST_BATCH + 1)
    encoding = request.headers.get("Content-Encoding", "").lower()
    if encoding == "gzip":
        sent = _unzipped(sent, largest)
    elif encoding not in ("", "identity"):
        raise Unanswerable(415, "encoding", "A body is plain or gzip.")
    if len(sent) > largest:
        raise Unanswerable(413, "too_large", f"This call may hold {largest // 1024} KB.")
    return sent


def _unzipped(sent: bytes, largest: int) -> bytes:
    unpack = zlib.decompressobj(wbits=31)
    try:
        body = unpack.decompress(sent, largest + 1)
    except zlib.error:
        raise Unanswerable(400, "malformed", "The body is no gzip.") from None
    if len(body) <= largest and not unpack.eof:
        raise Unanswerable(400, "malformed", "The gzip body ends too early.")
    return body


def _key(request: HttpRequest, in_body: str | None) -> KnownKey:
    """The key of the call: the user name of Basic auth, or as browsers send it, `writeKey` in the body."""
    text = _basic(request.headers.get("Authorization", "")) or in_body or ""
    key = known_key(text)
    if key is None:
        headers = {"WWW-Authenticate": 'Basic realm="write key"'}
        raise Unanswerable(401, "unauthorised", "Calls need a write key that was not revoked.", headers=headers)
    if Scope.TRACK not in key.scopes:
        raise Unanswerable(403, "scope", "This key may read and may not send events.")
    if key.is_publishable and origin_of(request) not in key.origins:
        raise Unanswerable(403, "origin", "This key may not be used from here.")
    return key


def _basic(header: str) -> str:
    scheme, _, told = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(told, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _require_allowance(key: KnownKey) -> None:
    wait_s = allowance(key.pk)
    if wait_s:
        raise Unanswerable(429, "too_many", "Too many calls with this key.", headers={"Retry-After": str(wait_s)})


def _refusal(refusal: Unanswerable) -> HttpResponse:
    told = {"success": False, "code": refusal.code, "message": str(refusal)}
    return HttpResponse(ENCODE(told), content_type="application/json", status=refusal.status, headers=refusal.headers)
