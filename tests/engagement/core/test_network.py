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


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP"])
def test_loopback_is_not_what_a_proxy_passes_on(header):
    request = RequestFactory().get("/", headers={"Host": "127.0.0.1", header: "203.0.113.7"}, REMOTE_ADDR="127.0.0.1")

    assert not is_loopback(request)


@pytest.mark.parametrize(
    ("base_url", "trust_proxy", "expected"),
    [
        ("http://127.0.0.1:8000", False, True),
        ("http://localhost:8000", False, True),
        ("http://[::1]:8000", False, True),
        ("http://127.0.0.1:8000", True, False),
        ("https://127.0.0.1:8000", False, False),
        ("https://ice.example.org", False, False),
        ("http://localhost.example.org", False, False),
    ],
)
def test_loopback_needs_a_site_meant_for_this_machine(settings, base_url, trust_proxy, expected):
    settings.BASE_URL, settings.TRUST_PROXY = base_url, trust_proxy
    request = RequestFactory().get("/", HTTP_HOST="127.0.0.1:8000", REMOTE_ADDR="127.0.0.1")

    assert is_loopback(request) is expected
