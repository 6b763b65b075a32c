"""Which requests come from this very machine, asked for its own name."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP")


def is_loopback(request: HttpRequest) -> bool:
    """True only if the site is meant for this machine, and both the peer and the name it asked for are its own.

    The peer alone does not tell: behind a reverse proxy on the same machine every visitor comes from 127.0.0.1, and
    some proxies ask for 127.0.0.1 by name too. So the site must be without any sign of a proxy.
    """
    return (
        _serves_loopback_only()
        and not any(header in request.headers for header in PROXY_HEADERS)
        and urlsplit(f"//{request.get_host()}").hostname in LOOPBACK_NAMES
        and _is_loopback_address(request.META.get("REMOTE_ADDR", ""))
    )


def _serves_loopback_only() -> bool:
    base = urlsplit(settings.BASE_URL)
    return not settings.TRUST_PROXY and base.scheme == "http" and base.hostname in LOOPBACK_NAMES


def _is_loopback_address(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
