"""Messages written before they could go by several channels."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

OLD, NEW = [("messaging", "0002_contents")], [("messaging", "0004_one_text_no_more")]
TEXTS = [("email", "A", "Dear"), ("email", "", "<p>Dear</p>"), ("push", "B", ""), ("in_app", "C", "Stay")]


def migrated(to):
    """The messages of the database as of this migration."""
    MigrationExecutor(connection).migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps.get_model("messaging", "Message").objects


@pytest.mark.django_db(transaction=True)
def test_no_text_is_lost_on_the_way_to_contents_and_back():
    rows = migrated(OLD)
    for channel, subject, body in TEXTS:
        rows.create(channel=channel, subject=subject, body=body)

    contents = list(migrated(NEW).order_by("pk").values_list("contents", flat=True))
    back = list(migrated(OLD).order_by("pk").values_list("channel", "subject", "body"))
    migrated(NEW)

    assert contents == [
        {"email": {"subject": "A", "text": "Dear"}},
        {"email": {"html": "<p>Dear</p>"}},
        {"push": {"title": "B"}},
        {"in_app": {"title": "C", "body": "Stay"}},
    ]
    assert back == TEXTS
