"""What every test shares: a data folder of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_data_dir(settings, tmp_path: Path) -> Path:
    """No test reads or leaves anything in the installation's folders."""
    settings.DATA_DIR = tmp_path
    settings.WAREHOUSE_DIR = tmp_path / "warehouse"
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return tmp_path
