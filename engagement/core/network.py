"""Which requests come from this very machine, asked for its own name."""

from ipaddress import ip_address

from django.http import HttpRequest

LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]"}


def is_loopback(request: HttpRequest) -> bool:
    """True only if both the peer and the name it asked for are this machine's own.

    The peer alone does not tell: behind a reverse proxy on the same machine every visitor comes from 127.0.0.1.
    """
    host = request.get_host()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    try:
        return name in LOOPBACK_HOSTS and ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
