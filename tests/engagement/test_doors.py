"""Every address of the site, as somebody sees it who has not signed in."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

# The doors that open without sign-in, by URL name. No other may.
OPEN_DOORS = {
    "health_live",
    "health_ready",
    "invitation",
    "track",
    "ofrep",
    "ofrep_all",
    "shared_report",
    "shared_report_answer",
    "unsubscribe",
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}
SAMPLES = {
    "int": "1",
    "slug": "some-slug",
    "str": "some-text",
    "uuid": "0f0e0d0c-0b0a-4908-8706-050403020100",
    "path": "a/b",
}
REGEX_SAMPLES = {
    "uidb36": "1",
    "key": "some-key",
    "kind": "batch",
    "app_label": "accounts",
    "url": "x",
    "format": "json",
}


def leaves(resolver: Any, before: str = "") -> Iterator[tuple[str | None, str, bool]]:
    """(URL name, an example of its path, whether it belongs to the REST API) of every view below a resolver."""
    for entry in resolver.url_patterns:
        path = before + example(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from leaves(entry, path)
        elif isinstance(entry, URLPattern):
            yield entry.name, "/" + path, path.startswith(("api/v1/", "api/schema/"))


def example(route: str) -> str:
    typed = (
        re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES[found[1] or "str"], route) if "(?P<" not in route else route
    )
    named = re.sub(r"\(\?P<(\w+)>[^()]*\)", lambda found: REGEX_SAMPLES.get(found[1], "1"), typed)
    return re.sub(r"[\^$\\]|\.\?|/\?", "", named) if "(?P<" in route or route.startswith("^") else named


ADDRESSES = sorted(set(leaves(get_resolver())), key=str)


def test_the_walk_meets_every_room():
    names = {name for name, _, _ in ADDRESSES}

    assert names > OPEN_DOORS
    assert {"settings", "profile", "people", "audit_trail", "job", "api_schema"} < names
    assert len(ADDRESSES) > 30


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "path", "is_api"), [leaf for leaf in ADDRESSES if leaf[0] not in OPEN_DOORS])
def test_a_stranger_is_sent_to_the_sign_in_page(client, name, path, is_api, method):
    answer = getattr(client, method)(path)

    if is_api:
        assert answer.status_code in (401, 403)
    else:
        assert answer.status_code == 302
        assert answer.url in {f"{reverse('account_login')}?next={path}", f"/admin/login/?next={path}"} or (
            name == "login" and answer.url.startswith(reverse("account_login"))
        )


@pytest.mark.django_db
def test_the_admin_site_has_no_sign_in_page_of_its_own(client):
    assert client.get("/admin/login/?next=/admin/").url == "/accounts/login/?next=%2Fadmin%2F"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/email/", "/accounts/password/set/", "/accounts/login/code/confirm/"])
def test_pages_of_the_sign_in_package_that_we_do_not_offer_are_not_there(client, path):
    assert client.get(path).status_code == 404
