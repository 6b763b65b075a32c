"""The one place that reads the environment: typed, checked at start-up, each refusal names its variable."""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import dj_database_url
import dj_email_url
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
Value = TypeVar("Value")
is_web_process = False  # `wsgi.py` sets it before the settings are read


@dataclass(frozen=True, slots=True)
class Environment:
    """What the operator decided, with the shipped default where nothing was said."""

    debug: bool
    port: int
    data_dir: Path
    secret_key: str
    allowed_hosts: tuple[str, ...]
    base_url: str
    trust_proxy: bool
    database: dict[str, Any]
    email: dict[str, Any]
    warehouse_engine: str
    warehouse_memory: str
    track_calls_per_s: float
    webhook_allow_private: bool


def read(environ: Mapping[str, str] = os.environ) -> Environment:
    """The environment as typed values; raises `ImproperlyConfigured` naming the first wrong variable."""

    def get(name: str, default: str, parse: Callable[[str], Value], form: str) -> Value:
        text = environ.get(name, "").strip() or default
        try:
            return parse(text)
        except (ValueError, KeyError) as error:
            raise ImproperlyConfigured(f"{name} is {_without_password(text)!r}; it must be {form}.") from error

    data_dir = get("DATA_DIR", str(ROOT / "var"), lambda text: Path(text).expanduser().resolve(), "a folder")
    data_dir.mkdir(parents=True, exist_ok=True)
    port = get("PORT", "8000", _port, "a whole number from 1 to 65535")
    return Environment(
        debug=get("DEBUG", "false", _flag, "true or false"),
        port=port,
        data_dir=data_dir,
        secret_key=environ.get("SECRET_KEY", "").strip() or _own_secret_key(data_dir / "secret_key"),
        allowed_hosts=get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", _names, "host names with commas between"),
        base_url=get("BASE_URL", f"http://127.0.0.1:{port}", _url, "an address such as https://ice.example.org"),
        trust_proxy=get("TRUST_PROXY", "false", _flag, "true or false"),
        database=get(
            "DATABASE_URL",
            "",
            lambda text: _database(text) if text else _own_database(data_dir / "db.sqlite3"),
            "sqlite:///FILE or postgresql://…",
        ),
        email=get("EMAIL_URL", "console:", _email, "console:, smtp://… or submission://USER:PASSWORD@HOST:PORT/"),
        warehouse_engine=get("WAREHOUSE_ENGINE", "duckdb", _engine, "duckdb or spark://HOST:PORT"),
        warehouse_memory=get("WAREHOUSE_MEMORY", "512MB", _memory, "an amount such as 1GB or 512MB"),
        track_calls_per_s=get("TRACK_CALLS_PER_S", "500", _rate, "a number above 0"),
        webhook_allow_private=get("WEBHOOK_ALLOW_PRIVATE", "false", _flag, "true or false"),
    )


def _without_password(text: str) -> str:
    """The address as it may stand in a log."""
    return re.sub(r"//[^/@]*@", "//…@", text)


def _flag(text: str) -> bool:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError(text)
    return port


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError(text)
    return text.rstrip("/")


def _database(text: str) -> dict[str, Any]:
    if not text.startswith(("sqlite:", "postgres:", "postgresql:")):
        raise ValueError(text)
    return dict(dj_database_url.parse(text))


def _own_database(path: Path) -> dict[str, Any]:
    """The file of this installation. No address: there `#`, `?` and `%` mean other things."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}


def _email(text: str) -> dict[str, Any]:
    parsed = dict(dj_email_url.parse(text))  # type: ignore[no-untyped-call]  # the package has no types
    if "EMAIL_BACKEND" not in parsed:
        raise ValueError(text)
    return parsed


def _engine(text: str) -> str:
    if text != "duckdb" and not re.fullmatch(r"spark://[^/:]+:\d+(,[^/:]+:\d+)*", text):
        raise ValueError(text)
    return text


def _memory(text: str) -> str:
    amount, unit = text[:-2], text[-2:].upper()
    if not amount.isdigit() or unit not in ("MB", "GB"):
        raise ValueError(text)
    return amount + unit


def _rate(text: str) -> float:
    rate = float(text)
    if not 1 <= rate <= 1e6:
        raise ValueError(text)
    return rate


def _own_secret_key(path: Path) -> str:
    """The key this installation made for itself at its first start; readable by its owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    key = secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key
