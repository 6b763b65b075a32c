"""What every test shares: a data folder of its own, plain static files, whole installations where processes matter."""

import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
import pytest_django
from django.conf import settings as django_settings
from django.db import connection
from django.test import override_settings
from hypothesis import settings as hypothesis_settings

from engagement.accounts.models import Workspace
from tests.installation import Installation

HERE = Path(__file__).parent

# No test may fail because the machine was busy.
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")


WALKED_ON_BOTH = {"test_backlog.py", "test_thread.py"}
# Their cases vary the role, the width or the step, which no database knows of: on the second one the first is enough.
ONE_CASE_ON_THE_SECOND = {"test_secrecy.py", "test_thread.py", "test_results_import.py", "test_openfeature_client.py"}
# Fixtures by which a test reaches a database without saying so by a mark.
REACH_A_DATABASE = {"db", "django_db_setup", "transactional_db", "live_server", "installation"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The suite runs on two databases; on the second, what could not tell them apart is left out."""
    if os.environ.get("TEST_DATABASE") != "PostgreSQL":
        return
    kept = [item for item in items if _can_tell_databases_apart(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def _can_tell_databases_apart(item: pytest.Item) -> bool:
    """Not so: what touches none, walks that judge a page's looks, further cases of what one case tells, and pages in a
    browser, but those about ballots and the whole thread, where what others write at the same time matters."""
    if item.path.name in ONE_CASE_ON_THE_SECOND and any(
        item.callspec.indices.values() if hasattr(item, "callspec") else ()
    ):
        return False
    if item.path.name == "test_demo.py":  # each builds a whole workspace; emptying one is what databases do differently
        return "reset" in item.name or "fails" in item.name
    fixtures = set(getattr(item, "fixturenames", ()))
    touches = item.get_closest_marker("django_db") is not None or bool(fixtures & REACH_A_DATABASE)
    is_drawn = "look" in fixtures or ("page" in fixtures and item.path.name not in WALKED_ON_BOTH)
    return touches and not is_drawn


@pytest.fixture(scope="session", autouse=True)
def test_settings() -> Iterator[None]:
    """Static files are found where they are written; passwords hash fast; signing in often slows nobody down."""
    templates = deepcopy(django_settings.TEMPLATES)
    templates[0]["DIRS"].append(HERE / "browser" / "templates")
    with override_settings(
        TEMPLATES=templates,
        STORAGES={
            **django_settings.STORAGES,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        STATIC_ROOT=None,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ACCOUNT_RATE_LIMITS=False,
    ):
        yield


@pytest.fixture(autouse=True)
def own_data_dir(settings, tmp_path: Path) -> Path:
    """No test reads or leaves anything in the installation's folders."""
    settings.DATA_DIR = tmp_path
    settings.WAREHOUSE_DIR = tmp_path / "warehouse"
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return tmp_path


@pytest.fixture(autouse=True)
def first_workspace(request: pytest.FixtureRequest) -> None:
    """The row that a migration makes: tests with real transactions end by emptying every table, that one included."""
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        request.getfixturevalue("transactional_db")
        Workspace.objects.get_or_create()


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The test database, and an installation with a copy of it as it was before any test: migrating takes long."""
    # Where no chosen test is marked as one of the database, pytest-django makes none: then ours is the checkout's own.
    is_made = str(connection.settings_dict["NAME"]).startswith(("test_", "file:memory"))
    with django_db_blocker.unblock():
        made = Installation(tmp_path_factory.mktemp("pattern"), is_migrated=is_made)
    try:
        if not is_made:
            made.run("migrate", "--verbosity", "0")
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def pattern(django_db_setup: Installation) -> Installation:
    """A migrated installation with its static files, never started: others begin as copies of it."""
    django_db_setup.collect_static()
    return django_db_setup


@pytest.fixture
def installation(tmp_path_factory: pytest.TempPathFactory, pattern: Installation) -> Iterator[Installation]:
    """A migrated installation without running processes; `start_web` and `start_worker` are the test's to call."""
    made = Installation(tmp_path_factory.mktemp("installation"), like=pattern)
    try:
        yield made
    finally:
        made.stop()
