"""The API to a program that shows a key."""

import pytest

from backlog.models import Ballot
from engagement.accounts import keys
from engagement.accounts.models import Member
from engagement.accounts.services.keys import make_key, revoke_key
from tests.backlog.factories import BallotFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


def ask(client, text: str, path: str = "/api/v1/ideas/", method: str = "get"):
    keys.forget()
    return getattr(client, method)(path, headers={"authorization": f"Bearer {text}"})


def test_a_key_that_reads_sees_what_its_maker_sees_and_changes_nothing(client):
    maker, other = MemberFactory(administrator=True), MemberFactory()
    mine, theirs = BallotFactory(voter=maker), BallotFactory(voter=other)
    key, text = make_key(name="Report", kind="secret", scopes=["read"], actor=maker)

    seen = ask(client, text, "/api/v1/ballots/").json()["results"]
    assert [row["idea"] for row in seen] == [mine.round_idea.idea_id]
    assert Ballot.objects.filter(pk=theirs.pk).exists()
    refused = ask(client, text, method="post")
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "A key reads; what is changed here is changed by a member.",
    )

    Member.objects.filter(pk=maker.pk).update(is_active=False)
    assert ask(client, text).status_code == 401
    Member.objects.filter(pk=maker.pk).update(is_active=True)
    assert ask(client, text).status_code == 200
    revoke_key(key=key, actor=maker)
    assert ask(client, text).status_code == 401
