"""Web process, flusher, compaction, analysis killed fifty times each, a sending twenty. Lost 0, twice 0."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.engagement.customers.live import Live, kill_flusher, kill_web_under_load
from tests.experiments.services.test_live_experiment import START
from tests.installation import Installation
from tests.killed import Toll, kill_analyses, kill_compactions, kill_sendings, nursery
from tests.mail_sink import listening

ROUNDS, SENDINGS = 50, 20


@pytest.fixture
def live(installation: Installation) -> Iterator[Live]:
    installation.start_web()
    with nursery(installation) as work:
        yield Live(installation, work)


def told(what: str, toll: Toll, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n  {what}: {toll}")
    assert toll.rounds in (ROUNDS, SENDINGS)
    assert (toll.lost, toll.doubled) == (0, 0)
    assert toll.killed > 0


def test_the_web_process_under_load(live: Live, capsys):
    kill_web_under_load(live, ROUNDS)
    lost, doubled = live.lost_and_doubled()
    told(f"web process, {len(live.acknowledged):,} acknowledged", Toll(ROUNDS, ROUNDS, lost, doubled), capsys)


def test_a_flusher_between_store_and_inbox(live: Live, capsys):
    killed = kill_flusher(live, ROUNDS)
    lost, doubled = live.lost_and_doubled()
    told(f"flusher, {len(live.acknowledged):,} acknowledged", Toll(ROUNDS, killed, lost, doubled), capsys)


def test_a_compaction(installation: Installation, capsys):
    with nursery(installation) as work:
        told("compaction", kill_compactions(work, ROUNDS), capsys)


def test_an_analysis(installation: Installation, capsys):
    with nursery(installation) as work:
        work.do("load")
        toll = kill_analyses(work, ROUNDS, begins=START, ends=START + timedelta(days=40))
        told("analysis", toll, capsys)


def test_a_sending(installation: Installation, capsys):
    with listening() as (sink, port):
        installation.environment["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        with nursery(installation) as work:
            told("sending", kill_sendings(work, SENDINGS, sink, customers=3_000), capsys)
