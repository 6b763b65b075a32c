"""`python -m tests`: the whole suite on SQLite, then on PostgreSQL. What cannot run is said in one line.

With CI=true a missing server or browser is a failure. Arguments go to pytest. `TEST_POSTGRESQL_URL` names a server
whose user may create databases; else the standard local port is tried.
"""

import getpass
import os
import shutil
import subprocess
import sys

import psycopg

from tests import spark_cluster

CANDIDATES = (
    "postgresql://postgres@127.0.0.1:5432/postgres",
    f"postgresql://{getpass.getuser()}@127.0.0.1:5432/postgres",
)


def main() -> int:
    is_ci = os.environ.get("CI") == "true"
    failed = _suite("SQLite", "")
    url = _postgresql()
    if url:
        failed |= _suite("PostgreSQL", url)
    else:
        print("PostgreSQL: not run, no server that lets us create databases answers on 127.0.0.1:5432.")
        failed |= is_ci
    if not shutil.which("chromium"):
        print("Browser tests: not run, there is no chromium on the path.")
        failed |= is_ci
    if reason := spark_cluster.why_not():
        print(f"Spark tests: not run, {reason}.")
        failed |= is_ci
    return int(failed)


def _suite(name: str, database_url: str) -> bool:
    print(f"== the suite on {name} ==", flush=True)
    environment = {**os.environ, "DATABASE_URL": database_url, "TEST_DATABASE": name}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--numprocesses",
        str(min(4, os.cpu_count() or 1)),
        *sys.argv[1:],
    ]
    return subprocess.run(command, env=environment, check=False).returncode != 0


def _postgresql() -> str | None:
    """The first server that answers and lets us create databases."""
    named = os.environ.get("TEST_POSTGRESQL_URL")
    for url in (named,) if named else CANDIDATES:
        try:
            with psycopg.connect(url, connect_timeout=3) as connection:
                row = connection.execute("SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
        except psycopg.OperationalError:
            continue
        if row and row[0]:
            return url
    return None


if __name__ == "__main__":
    sys.exit(main())
