"""A whole installation in processes of its own: its database, its store, its web server, its worker."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 120


class Installation:
    """Made of real processes on the kind of database that this test run is about."""

    def __init__(
        self, folder: Path, *, server: str | None = None, like: "Installation | None" = None, is_migrated: bool = False
    ) -> None:
        """`server`: the address of a PostgreSQL server; without it, the kind of database that the settings name.

        `like`: one without running processes, whose rows and static files are the new one's at the start.
        `is_migrated`: begins with what is in the database of this process, which nobody else may use meanwhile.
        """
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url, self.drop = _database(folder, server, like, is_migrated)
        if like is not None and (like.folder / "static").exists():
            (folder / "static").symlink_to(like.folder / "static")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))},
            "DATA_DIR": str(folder),
            "DATABASE_URL": self.database_url,
            "BASE_URL": self.url,
            "PORT": str(self.port),
        }
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(self, *arguments: str, expect: int = 0, program: str | None = None) -> str:
        """What a command prints, after its exit code was found to be the expected one."""
        start = [sys.executable, "-c", program] if program else [sys.executable, "manage.py"]
        done = subprocess.run(
            [*start, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S * 3,
            start_new_session=True,  # a process that dies with its group leaves the test run alone
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def shell(self, code: str) -> str:
        """What a piece of Python prints inside this installation."""
        return self.run("shell", "--verbosity", "0", "-c", code)

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self._start(sys.executable, "manage.py", "qcluster")

    def start_web(self, application: str = "engagement.wsgi:application") -> None:
        if not (self.folder / "static").exists():
            self.collect_static()
        granian = str(Path(sys.executable).with_name("granian"))
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--blocking-threads", "4"]
        self._start(granian, *options, "--log-level", "warning", application)
        self.wait_for(self._answers)

    def collect_static(self) -> None:
        self.run("collectstatic", "--noinput", "--verbosity", "0")

    def wait_for(self, condition: Any, *, patience_s: float = PATIENCE_S) -> None:
        end = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < end, f"waited {patience_s} s in vain; logs in {self.folder}"
            time.sleep(0.1)

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        self.drop()

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{Path(command[0]).name}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer:  # noqa: S310  loopback
                return bool(answer.status == 200)
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _database(
    folder: Path, server: str | None, like: Installation | None, is_migrated: bool
) -> tuple[str, Callable[[], None]]:
    """A database of the kind asked for, empty or with what another holds, and how to be rid of it."""
    server = server or _server_in_settings()
    if server is None:
        if like is not None:
            shutil.copy(like.folder / "db.sqlite3", folder)
        elif is_migrated:
            connection.ensure_connection()
            with closing(sqlite3.connect(folder / "db.sqlite3")) as copy:
                connection.connection.backup(copy)
        return f"sqlite:///{folder / 'db.sqlite3'}", lambda: None
    name = f"icebreaker_{uuid.uuid4().hex[:12]}"

    def execute(statement: str) -> None:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as session:
            session.execute(statement)

    pattern = like.database_url.rpartition("/")[2] if like else connection.settings_dict["NAME"] if is_migrated else ""
    if is_migrated:
        connection.close()  # a database that somebody is connected to is no template
    execute(f"CREATE DATABASE {name}" + (f' TEMPLATE "{pattern}"' if pattern else ""))
    return f"{server}/{name}", lambda: execute(f"DROP DATABASE {name} WITH (FORCE)")


def _server_in_settings() -> str | None:
    main = settings.DATABASES["default"]
    if main["ENGINE"].endswith("sqlite3"):
        return None
    login = f"{main['USER']}:{main['PASSWORD']}" if main["PASSWORD"] else main["USER"]
    return f"postgresql://{login}@{main['HOST'] or '127.0.0.1'}:{main['PORT'] or 5432}"
