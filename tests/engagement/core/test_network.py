import pytest
from django.test import RequestFactory

from engagement.core.network import is_loopback


@pytest.mark.parametrize(
    ("host", "peer", "expected"),
    [
        ("127.0.0.1:8000", "127.0.0.1", True),
        ("localhost", "127.0.0.1", True),
        ("[::1]:8000", "::1", True),
        ("ice.example.org", "127.0.0.1", False),  # a proxy on the same machine
        ("127.0.0.1:8000", "203.0.113.7", False),  # a forged name
        ("localhost", "", False),
    ],
)
def test_loopback_needs_both_the_peer_and_the_name(settings, host, peer, expected):
    settings.ALLOWED_HOSTS = ["*"]
    request = RequestFactory().get("/", HTTP_HOST=host, REMOTE_ADDR=peer)

    assert is_loopback(request) is expected
