"""The workspace's limits on messages: one row, an administrator's to change, whole or not at all."""

from datetime import time

import pytest

from engagement.accounts.models import AuditEntry
from engagement.messaging.gate import Limits
from engagement.messaging.models import SendingLimits
from engagement.messaging.queries import sending_limits
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
TYPED = {"most": "2", "days": "7", "quiet_from": "22:00", "quiet_to": "08:00", "sender_name": "The newsroom"}


def test_without_a_row_there_is_no_limit():
    assert sending_limits().limits == Limits(None, 7, None, None)


def test_an_administrator_sets_them_and_others_read_them(client):
    client.force_login(MemberFactory(role="administrator"))
    assert client.post("/settings/sending/", TYPED).status_code == 302
    client.post("/settings/sending/", TYPED | {"most": "3"})

    assert SendingLimits.objects.get().limits == Limits(3, 7, time(22), time(8))
    assert next(entry.after for entry in AuditEntry.objects.filter(verb="changed the sending limits")) == {"most": "3"}
    client.force_login(MemberFactory())
    assert 'value="22:00"' in client.get("/settings/sending/").content.decode()
    assert client.post("/settings/sending/", TYPED).status_code == 403


@pytest.mark.parametrize("wrong", [{"quiet_to": ""}, {"most": "0"}, {"days": "91"}, {"quiet_from": "late"}])
def test_what_cannot_be_meant_comes_back_as_typed(client, wrong):
    client.force_login(MemberFactory(role="administrator"))

    answer = client.post("/settings/sending/", TYPED | wrong)

    assert answer.status_code == 422
    assert "The newsroom" in answer.content.decode()
    assert not SendingLimits.objects.exists()
