import pytest
from django.test import Client

from engagement.core.middleware import LoopbackCookies
from tests.factories import PASSWORD, MemberFactory

pytestmark = pytest.mark.django_db
HERE = {"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1"}
BEHIND_A_PROXY = {"HTTP_HOST": "ice.example.org", "REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture(autouse=True)
def hosts(settings):
    settings.ALLOWED_HOSTS = ["*"]


def sign_in(member, **origin):
    return Client().post("/accounts/login/", {"login": member.email, "password": PASSWORD}, **origin)


def is_in(answer) -> bool:
    return answer.status_code == 302 and answer.url == "/" and answer.wsgi_request.user.is_authenticated


@pytest.mark.parametrize("origin", [HERE, BEHIND_A_PROXY])
def test_a_member_signs_in_from_anywhere(origin):
    assert is_in(sign_in(MemberFactory(), **origin))


def test_a_demonstration_member_signs_in_on_this_machine_alone():
    member = MemberFactory(is_demonstration=True)

    assert is_in(sign_in(member, **HERE))
    refused = sign_in(member, **BEHIND_A_PROXY)
    assert not is_in(refused)
    assert refused.context["form"].non_field_errors()


def test_the_address_may_be_written_in_any_case():
    member = MemberFactory(email="nora@example.org")

    answer = Client().post("/accounts/login/", {"login": "Nora@Example.ORG", "password": PASSWORD}, **HERE)

    assert is_in(answer)
    assert answer.wsgi_request.user == member


def test_a_wrong_password_and_a_closed_account_stay_outside():
    member, closed = MemberFactory(), MemberFactory(is_active=False)

    wrong = Client().post("/accounts/login/", {"login": member.email, "password": "wrong"}, **HERE)

    assert not is_in(wrong)
    assert not is_in(sign_in(closed, **HERE))


def test_a_member_whose_account_is_closed_is_out_at_once(client):
    member = MemberFactory()
    client.force_login(member)
    assert client.get("/settings/profile/").status_code == 200

    type(member).objects.update(is_active=False)

    assert client.get("/settings/profile/").status_code == 302


@pytest.mark.parametrize(("origin", "is_secure"), [(HERE, ""), (BEHIND_A_PROXY, True)])
def test_cookies_are_secure_everywhere_but_on_this_machine(settings, origin, is_secure):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True

    answer = sign_in(MemberFactory(), **origin)

    cookies = answer.cookies["sessionid"], Client().get("/accounts/login/", **origin).cookies["csrftoken"]
    assert [cookie["secure"] for cookie in cookies] == [is_secure, is_secure]
    assert answer.cookies["sessionid"]["httponly"] is True


def test_cookies_over_https_stay_secure_on_this_machine_too(settings):
    settings.SESSION_COOKIE_SECURE = True
    member = MemberFactory()

    answer = Client().post("/accounts/login/", {"login": member.email, "password": PASSWORD}, secure=True, **HERE)

    assert answer.cookies["sessionid"]["secure"] is True


def test_outside_debug_cookies_are_secure_and_https_is_asked_for(settings):
    assert settings.DEBUG is False
    assert (settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE) == (True, True)
    assert Client().get("/accounts/login/", secure=True)["Strict-Transport-Security"] == "max-age=31536000"


def test_every_answer_carries_the_content_policy():
    policy = Client().get("/accounts/login/")["Content-Security-Policy"]

    assert set(policy.split("; ")) >= {
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
    }
    assert "unsafe" not in policy


def test_the_loopback_exception_is_the_outermost_to_touch_cookies(settings):
    """Above the session and CSRF middleware, so that it sees the cookies they set."""
    name = f"{LoopbackCookies.__module__}.{LoopbackCookies.__qualname__}"
    order = settings.MIDDLEWARE.index

    assert order(name) < order("django.contrib.sessions.middleware.SessionMiddleware")


def test_a_forgotten_password_is_chosen_anew_by_mail(client, mailoutbox):
    member = MemberFactory(email="nora@example.org")

    client.post("/accounts/password/reset/", {"email": "nora@example.org"})
    link = next(word for word in mailoutbox[0].body.split() if "/accounts/password/reset/key/" in word)
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    done = client.post(
        page.request["PATH_INFO"], {"password1": "another-long-secret", "password2": "another-long-secret"}
    )

    assert done.status_code == 302
    member.refresh_from_db()
    assert member.check_password("another-long-secret")


def test_asking_for_an_unknown_address_tells_the_browser_nothing(client, mailoutbox):
    MemberFactory(email="nora@example.org")

    known = client.post("/accounts/password/reset/", {"email": "nora@example.org"})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [message.to for message in mailoutbox] == [["nora@example.org"], ["nobody@example.org"]]
    assert "/accounts/password/reset/key/" not in mailoutbox[1].body
