"""What every test shares: a data folder of its own, and whole installations for those that need processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation


@pytest.fixture(autouse=True)
def own_data_dir(settings, tmp_path: Path) -> Path:
    """No test reads or leaves anything in the installation's folders."""
    settings.DATA_DIR = tmp_path
    settings.WAREHOUSE_DIR = tmp_path / "warehouse"
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return tmp_path


@pytest.fixture
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A migrated installation without running processes; `start_web` and `start_worker` are the test's to call."""
    made = Installation(tmp_path_factory.mktemp("installation"))
    try:
        made.run("migrate", "--verbosity", "0")
        yield made
    finally:
        made.stop()
