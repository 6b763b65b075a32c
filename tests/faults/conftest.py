"""Fifty real kills of each kind: run only when asked for (`make faults`); a few rounds of each are in the suite."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """They stay out of a plain run of the tests: they take minutes."""
    return None if any("faults" in argument for argument in config.args) else True
