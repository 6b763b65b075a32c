import stat

import pytest
from django.core.exceptions import ImproperlyConfigured

from engagement import env


def read(tmp_path, **variables):
    return env.read({"DATA_DIR": str(tmp_path / "data"), **variables})


@pytest.mark.parametrize(
    ("name", "wrong", "accepted"),
    [
        ("DEBUG", "maybe", "true or false"),
        ("TRUST_PROXY", "2", "true or false"),
        ("PORT", "http", "a whole number from 1 to 65535"),
        ("PORT", "70000", "a whole number from 1 to 65535"),
        ("BASE_URL", "ice.example.org", "an address such as https://ice.example.org"),
        ("DATABASE_URL", "mysql://host/name", "sqlite:///FILE or postgresql://…"),
        ("EMAIL_URL", "pigeon://host", "console:, smtp://… or submission://USER:PASSWORD@HOST:PORT/"),
        ("WAREHOUSE_ENGINE", "abacus", "duckdb or spark://HOST:PORT"),
        ("WAREHOUSE_MEMORY", "much", "an amount such as 1GB or 512MB"),
    ],
)
def test_a_wrong_variable_stops_with_its_name_and_the_accepted_form(tmp_path, name, wrong, accepted):
    with pytest.raises(ImproperlyConfigured) as refusal:
        read(tmp_path, **{name: wrong})

    assert str(refusal.value) == f"{name} is {wrong!r}; it must be {accepted}."


def test_a_refusal_keeps_a_password_to_itself(tmp_path):
    with pytest.raises(ImproperlyConfigured) as refusal:
        read(tmp_path, DATABASE_URL="mysql://me:secret@host/name")

    assert str(refusal.value) == "DATABASE_URL is 'mysql://…@host/name'; it must be sqlite:///FILE or postgresql://…."


def test_nothing_said_gives_a_closed_local_installation(tmp_path):
    found = read(tmp_path)

    assert (found.debug, found.trust_proxy, found.port) == (False, False, 8000)
    assert found.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert found.base_url == "http://127.0.0.1:8000"
    assert found.database["NAME"] == str(tmp_path / "data" / "db.sqlite3")


def test_the_first_start_writes_a_secret_for_its_owner_alone_and_later_ones_keep_it(tmp_path):
    first = read(tmp_path).secret_key
    second = read(tmp_path).secret_key

    file = tmp_path / "data" / "secret_key"
    assert first == second == file.read_text()
    assert len(first) > 50
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_installations_have_two_secrets(tmp_path):
    assert read(tmp_path / "one").secret_key != read(tmp_path / "two").secret_key


def test_a_given_secret_is_taken_and_none_is_written(tmp_path):
    assert read(tmp_path, SECRET_KEY="mine").secret_key == "mine"
    assert not (tmp_path / "data" / "secret_key").exists()


@pytest.mark.parametrize("folder", ["one#two", "one?two", "100%41", "one two"])
def test_the_database_lies_in_the_data_folder_whatever_its_name(tmp_path, folder):
    found = env.read({"DATA_DIR": str(tmp_path / folder)}).database

    assert found == {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / folder / "db.sqlite3")}
