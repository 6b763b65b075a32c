"""What the settings make of the operator's words."""

import runpy
from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from django.test import RequestFactory

from engagement import env


@pytest.fixture
def settings_of(monkeypatch, tmp_path):
    """The settings as a process with these variables reads them."""

    def read(**variables):
        for name, value in {"DATA_DIR": str(tmp_path), **variables}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(Path(env.__file__).with_name("settings.py")))

    return read


@pytest.mark.parametrize(
    ("is_web_process", "expected"),
    [
        (True, {"pool": {"min_size": 1, "max_size": 16}}),
        (False, {}),
    ],
)
def test_a_postgresql_address_keeps_its_options(monkeypatch, settings_of, is_web_process, expected):
    monkeypatch.setattr(env, "is_web_process", is_web_process)

    found = settings_of(DATABASE_URL="postgresql://me@host/name?sslmode=verify-full&sslrootcert=/ca.pem")

    assert found["DATABASES"]["default"]["OPTIONS"] == {
        "options": "-c jit=off",
        "sslmode": "verify-full",
        "sslrootcert": "/ca.pem",
        **expected,
    }


def test_a_sqlite_address_has_the_last_word_about_its_options(settings_of):
    found = settings_of(DATABASE_URL="sqlite:////tmp/rows.sqlite3?timeout=60")

    assert found["DATABASES"]["default"]["OPTIONS"] == {
        "transaction_mode": "IMMEDIATE",
        "timeout": 60,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }


@pytest.mark.parametrize(("trust_proxy", "counted"), [("true", "203.0.113.7"), ("false", "127.0.0.1")])
def test_rate_limits_count_visitors_behind_a_trusted_proxy_only(settings, settings_of, trust_proxy, counted):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = settings_of(TRUST_PROXY=trust_proxy)["ALLAUTH_TRUSTED_PROXY_COUNT"]
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "10.9.9.9, 203.0.113.7"}, REMOTE_ADDR="127.0.0.1")

    assert get_adapter().get_client_ip(request) == counted
