"""Posts go out signed, to where the name led when it was looked up, and never into a private network."""

import base64
import hashlib
import hmac
import socket
import ssl
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engagement.core import outgoing
from engagement.core.errors import InvalidInput
from tests.webhook_receiver import receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def leads_to(monkeypatch):
    """Makes names lead where a test says, one answer after the other; keeps what was asked."""
    asked, real = [], socket.getaddrinfo

    def leads_to(*answers: list[str]) -> list[str]:
        left = list(answers)

        def look_up(host, port, *args, **kwargs):
            if not host.endswith(".example.org"):
                return real(host, port, *args, **kwargs)
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in left.pop(0)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return leads_to


def test_the_receiver_can_check_who_posted_and_that_nothing_was_changed(receiver):
    outgoing.post(receiver.url + "?a=1", secret=SECRET, key="alert.1", body={"is": "Größe"})

    (path, headers, body) = receiver.posts[0]
    signed = f"alert.1.{headers['webhook-timestamp']}.".encode() + body
    by_hand = hmac.digest(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256)
    assert headers["webhook-signature"] == "v1," + base64.b64encode(by_hand).decode()
    assert receiver.verified(SECRET) == [{"is": "Größe"}]
    assert (path, headers["Host"]) == ("/hook?a=1", f"127.0.0.1:{receiver.port}")
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60


def test_a_redirect_is_not_followed(receiver):
    receiver.answers.append((307, {"Location": receiver.url + "/elsewhere"}))
    with pytest.raises(outgoing.Rejected, match=r"127\.0\.0\.1 answered 307"):
        outgoing.post(receiver.url, secret=SECRET, key="1", body={})
    assert len(receiver.posts) == 1


@pytest.mark.parametrize(
    ("status", "asks", "after_s"), [(429, "7", 7.0), (503, "", 0.0), (500, "soon", 0.0), (429, "9" * 9, 86_400.0)]
)
def test_who_asks_for_patience_is_given_it(receiver, status, asks, after_s):
    receiver.answers.append((status, {"Retry-After": asks}))
    with pytest.raises(outgoing.NotNow) as refusal:
        outgoing.post(receiver.url, secret=SECRET, key="1", body={})
    assert (refusal.value.after_s, refusal.value.is_unsure) == (after_s, False)


def test_who_is_gone_and_who_hangs_up_are_told_apart(receiver):
    with pytest.raises(outgoing.NotNow, match="does not answer") as gone:
        outgoing.post("http://127.0.0.1:9/", secret=SECRET, key="1", body={})
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.settimeout(10)

        def hang_up() -> None:
            peer, _ = deaf.accept()
            peer.recv(1)
            peer.close()

        thread = Thread(target=hang_up)
        thread.start()
        with pytest.raises(outgoing.NotNow, match="broke off") as unsure:
            outgoing.post(f"http://127.0.0.1:{deaf.getsockname()[1]}/", secret=SECRET, key="1", body={})
        thread.join()
    assert [gone.value.is_unsure, unsure.value.is_unsure] == [False, True]


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104  an address to be refused
        "255.255.255.255", "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1%lo",
    ],
)  # fmt: skip
def test_a_private_number_is_refused_however_it_is_written(leads_to, number):
    leads_to([number], ["93.184.215.14", number])
    for _once in range(2):
        with pytest.raises(InvalidInput, match="lies in a private network"):
            outgoing.check_address("https://hook.example.org/")


@pytest.mark.parametrize(
    "address",
    ["http://hook.example.org/", "ftp://hook.example.org/", "https:///x", "https://me:word@hook.example.org/",
     "https://hook.example.org:99999/", "hook.example.org", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_address_for_posts_is_refused_before_anybody_is_asked(leads_to, address):
    asked = leads_to()
    with pytest.raises(InvalidInput, match="Give an address such as"):
        outgoing.check_address(address)
    assert asked == []


@pytest.mark.parametrize("address", ["https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/"])
def test_a_number_in_place_of_a_name_is_looked_at_too(address):
    with pytest.raises(InvalidInput, match="lies in a private network"):
        outgoing.check_address(address)


def test_a_name_that_leads_elsewhere_a_moment_later_is_asked_once(settings, leads_to, receiver):
    """Private when it is used: refused, whatever it was when saved. Looked up once, it cannot change before use."""
    settings.WEBHOOK_ALLOW_PRIVATE = False
    asked = leads_to(["93.184.215.14"], ["127.0.0.1"])
    address = f"https://hook.example.org:{receiver.port}/"
    outgoing.check_address(address)
    with pytest.raises(outgoing.Rejected, match="lies in a private network"):
        outgoing.post(address, secret=SECRET, key="1", body={})
    assert (len(asked), receiver.posts) == (2, [])

    settings.WEBHOOK_ALLOW_PRIVATE = True
    asked = leads_to(["127.0.0.1"])  # a second question would fail the test
    outgoing.post(f"http://hook.example.org:{receiver.port}/", secret=SECRET, key="1", body={})
    assert receiver.posts[0][1]["Host"] == f"hook.example.org:{receiver.port}"


def test_over_tls_the_name_is_checked_and_not_the_number(settings, leads_to, tmp_path, monkeypatch):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    monkeypatch.setenv("SSL_CERT_FILE", str(_certificate(tmp_path, "hook.example.org")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    leads_to(["127.0.0.1"], ["127.0.0.1"])

    with receiving(context) as receiver:
        outgoing.post(f"https://hook.example.org:{receiver.port}/", secret=SECRET, key="1", body={"a": 1})
        with pytest.raises(outgoing.NotNow, match="cannot show that it is who it says"):
            outgoing.post(f"https://other.example.org:{receiver.port}/", secret=SECRET, key="2", body={})
    assert receiver.verified(SECRET) == [{"a": 1}]


def test_a_name_nobody_knows_is_said(leads_to, monkeypatch):
    def nobody(*_args, **_kwargs):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(InvalidInput, match=r"The name gone\.example\.org cannot be found"):
        outgoing.check_address("https://gone.example.org/")


def _certificate(folder, name: str):
    """One that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - timedelta(days=1))
        .not_valid_after(made + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    (folder / "certificate.pem").write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return folder / "certificate.pem"
