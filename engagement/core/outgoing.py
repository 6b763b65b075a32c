"""Signed posts to addresses that people name: to where the name leads at that moment, and never into our own network.

The signature is that of the Standard Webhooks specification 1.0: headers `webhook-id`, `webhook-timestamp` and
`webhook-signature`, HMAC-SHA256 over all three parts, so that receivers check it with the specification's libraries.
"""

import base64
import secrets
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

import orjson
import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from standardwebhooks import Webhook
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from engagement.core.clock import now
from engagement.core.errors import InvalidInput

CONNECT_S, READ_S = 5.0, 15.0
PORTS = {"https": 443, "http": 80}
V4_INSIDE_V6 = IPv6Network("64:ff9b::/96")  # RFC 6052: such an address leads on to the one in its last four bytes
LONGEST_WAIT_S = 86_400


class Rejected(Exception):
    """The other side does not take this very message: trying again would not help. `str()` says why."""


class NotNow(Exception):
    """The other side did not answer, or asks for patience: it may be tried again. `str()` says why.

    `after_s`: how long it asks to be left alone; `is_unsure`: it may have taken the message all the same.
    """

    def __init__(self, reason: str, *, after_s: float = 0.0, is_unsure: bool = False) -> None:
        super().__init__(reason)
        self.after_s, self.is_unsure = after_s, is_unsure


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads: the name it asked for, and the number it had when it was looked up."""

    url: SplitResult
    host: str
    port: int
    number: str


def new_secret() -> str:
    """What both sides sign and check with, in the specification's form."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def check_address(text: str, *, field: str | None = None) -> None:
    """Raises `InvalidInput` for an address that nothing may be posted to, as far as can be seen now."""
    try:
        place(text)
    except NotNow as error:
        raise InvalidInput(str(error), field=field) from None
    except InvalidInput as error:
        raise InvalidInput(str(error), field=field) from None


def place(text: str) -> Place:
    """Looks the name up, once. Raises `InvalidInput` where it must not lead, `NotNow` where it leads nowhere.

    Every number of the name must be allowed: a name that has a private one beside a public one is refused.
    """
    url = urlsplit(text)
    try:
        port = url.port or PORTS.get(url.scheme, 0)
    except ValueError:
        port = 0
    schemes = PORTS if settings.WEBHOOK_ALLOW_PRIVATE else {"https"}
    if url.scheme not in schemes or not url.hostname or not port or url.username is not None:
        raise InvalidInput(_("Give an address such as https://example.org/hook, without a password in it."))
    try:
        found = socket.getaddrinfo(url.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotNow(_("The name %(host)s cannot be found.") % {"host": url.hostname}) from None
    numbers = [str(address[0]) for *_kind, address in found]
    if not settings.WEBHOOK_ALLOW_PRIVATE and not all(map(_is_public, numbers)):
        raise InvalidInput(
            _("%(host)s lies in a private network, where nothing is posted to.") % {"host": url.hostname}
        )
    return Place(url, url.hostname, port, numbers[0])


def post(address: str, *, secret: str, key: str, body: Mapping[str, Any]) -> None:
    """Posts the body as signed JSON; returns once the other side has taken it with a 2xx.

    `key` names the message for good and is sent as `webhook-id`: a repeat has the same, so that the receiver can drop
    it. The connection goes to the number that was looked up and allowed, whatever the name says a moment later; a
    redirect is not followed. Raises `Rejected` and `NotNow`.
    """
    try:
        there = place(address)
    except InvalidInput as error:
        raise Rejected(str(error)) from None
    text = orjson.dumps(body)
    moment = now()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Icebreaker",
        "Host": there.url.netloc,
        "webhook-id": key,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(key, moment, text.decode()),
    }
    target = (there.url.path or "/") + (f"?{there.url.query}" if there.url.query else "")
    with _pool(there) as pool:
        try:
            answer = pool.urlopen(
                "POST", target, body=text, headers=headers, redirect=False, retries=False, preload_content=False
            )
        except (NewConnectionError, ConnectTimeoutError):
            raise NotNow(_("%(host)s does not answer.") % {"host": there.host}) from None
        except SSLError as error:
            raise NotNow(_("%(host)s cannot show that it is who it says: %(why)s") % {
                "host": there.host, "why": error
            }) from None  # fmt: skip
        except HTTPError as error:
            sentence = _("%(host)s broke off: %(why)s") % {"host": there.host, "why": error}
            raise NotNow(sentence, is_unsure=True) from None
        answer.close()  # what it says beside its status is not asked for
        _judge(answer, there.host)


def _pool(there: Place) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=CONNECT_S, read=READ_S)
    if there.url.scheme == "http":
        return urllib3.HTTPConnectionPool(there.number, there.port, timeout=timeout)
    return urllib3.HTTPSConnectionPool(
        there.number, there.port, timeout=timeout, server_hostname=there.host, assert_hostname=there.host,
        ssl_context=ssl.create_default_context(),
    )  # fmt: skip


def _judge(answer: urllib3.BaseHTTPResponse, host: str) -> None:
    if 200 <= answer.status < 300:
        return
    sentence = _("%(host)s answered %(status)d.") % {"host": host, "status": answer.status}
    if answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT) or answer.status >= 500:
        asked = answer.headers.get("Retry-After", "")
        raise NotNow(
            sentence, after_s=min(float(asked), LONGEST_WAIT_S) if asked.isascii() and asked.isdigit() else 0.0
        )
    raise Rejected(sentence)


def _is_public(text: str) -> bool:
    number: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(number, IPv6Address):
        if number.sixtofour or number.teredo:  # tunnels to wherever
            return False
        if number in V4_INSIDE_V6:
            number = IPv4Address(int(number) & 0xFFFF_FFFF)
        elif number.ipv4_mapped:
            number = number.ipv4_mapped
    return number.is_global and not number.is_multicast and not number.is_reserved
