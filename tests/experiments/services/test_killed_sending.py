"""A sending that is killed mails nobody twice and tells every message's fate. Twenty kills: `make faults`."""

from tests.installation import Installation
from tests.killed import kill_sendings, nursery
from tests.mail_sink import listening


def test_whoever_dies_while_sending_mails_nobody_twice_and_loses_nobody(installation: Installation):
    with listening() as (sink, port):
        installation.environment["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        with nursery(installation) as work:
            toll = kill_sendings(work, 4, sink, customers=400)
    assert (toll.rounds, toll.lost, toll.doubled) == (4, 0, 0)
