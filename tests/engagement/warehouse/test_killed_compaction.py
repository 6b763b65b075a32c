"""A compaction that dies leaves every row there once, beside writers as well. Fifty rounds of it: `make faults`."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.installation import Installation
from tests.killed import kill_compactions, nursery

pytestmark = pytest.mark.skipif(
    not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="the store knows no database"
)


def test_a_compaction_that_is_killed_costs_no_row_and_doubles_none(tmp_path: Path):
    with nursery(Installation(tmp_path)) as work:
        toll = kill_compactions(work, 3)
    assert (toll.rounds, toll.lost, toll.doubled) == (3, 0, 0)
