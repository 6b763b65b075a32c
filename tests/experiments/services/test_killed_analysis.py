"""An analysis that dies leaves nothing half-counted. Fifty rounds of it: `make faults`."""

from datetime import timedelta

from tests.experiments.services.test_live_experiment import START
from tests.installation import Installation
from tests.killed import kill_analyses, nursery


def test_what_is_counted_after_analyses_were_killed_is_what_one_full_count_gives(installation: Installation):
    with nursery(installation) as work:
        work.do("load")
        toll = kill_analyses(work, 3, begins=START, ends=START + timedelta(days=36))
    assert (toll.rounds, toll.lost, toll.doubled) == (3, 0, 0)
