"""What customers allow, and leaving them in peace."""

from datetime import UTC, datetime, timedelta

import pytest

from engagement.accounts.models import AuditEntry
from engagement.core.errors import Forbidden, InvalidInput
from engagement.customers import queries
from engagement.customers.models import Consent, Customer, Suppression
from engagement.customers.services import permissions
from engagement.customers.services.customers import ensure
from engagement.customers.services.merges import merge
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def people() -> dict[str, Customer]:
    names = ["ann", "ben", "cem", "dee"]
    return dict(zip(names, [Customer.objects.get(pk=pk) for pk in ensure(names)], strict=True))


def say(customer, granted, *, at=NOW, channel="email", topic=""):
    return permissions.say(
        customer=customer, channel=channel, topic=topic, is_granted=granted, at=at, source="form", actor=None
    )


def allowing(**where) -> set[str]:
    rows = Customer.objects.filter(pk__in=queries.consenting(**where).values("customer"))
    return set(rows.values_list("external_id", flat=True))


def in_peace(**where) -> set[str]:
    rows = Customer.objects.filter(pk__in=queries.suppressed(**where).values("customer"))
    return set(rows.values_list("external_id", flat=True))


def test_the_newest_word_holds_in_whatever_order_words_come_in(people):
    say(people["ann"], True, at=NOW)
    say(people["ann"], False, at=NOW - DAY)  # heard later, said earlier
    say(people["ben"], True, at=NOW)
    say(people["ben"], False, at=NOW + DAY)
    say(people["cem"], True, channel="push")

    assert allowing(channel="email") == {"ann"}
    assert allowing(channel="push") == {"cem"}
    assert Consent.objects.count() == 5


def test_a_word_on_a_topic_goes_before_one_on_all_topics(people):
    say(people["ann"], True)
    say(people["ann"], False, topic="offers")
    say(people["ben"], True, topic="offers")
    say(people["cem"], True)

    assert allowing(channel="email", topic="offers") == {"ben", "cem"}
    assert allowing(channel="email", topic="news") == {"ann", "cem"}
    assert allowing(channel="email") == {"ann", "cem"}


def test_a_suppression_holds_where_and_while_it_says(people):
    def suppress(name, scope, what="", **values):
        permissions.suppress(
            customers=[people[name].pk], scope=scope, what=what, reason="asked", at=NOW, actor=None, **values
        )

    suppress("ann", "everywhere", ends_at=NOW + DAY)
    suppress("ben", "channel", "email")
    suppress("cem", "topic", "offers")
    suppress("dee", "experiment", "welcome")

    assert in_peace(channel="email", topic="offers", experiment="welcome", at=NOW) == {"ann", "ben", "cem", "dee"}
    assert in_peace(channel="push", topic="news", experiment="other", at=NOW) == {"ann"}
    assert in_peace(channel="email", at=NOW + DAY) == {"ben"}
    assert in_peace(channel="email", at=NOW - DAY) == set()


def test_whoever_asks_again_is_heard_again_and_a_shorter_time_shortens_nothing(client, people):
    def suppress(name, at, ends_at=None, reason="asked"):
        who = [people[name].pk]
        return permissions.suppress(
            customers=who, scope="everywhere", reason=reason, at=at, ends_at=ends_at, actor=None
        )

    added = [
        suppress("ann", NOW, NOW + DAY), suppress("ann", NOW + 5 * DAY), suppress("ann", NOW + 6 * DAY, NOW + 7 * DAY),
        suppress("ben", NOW, NOW + 9 * DAY), suppress("ben", NOW + DAY, NOW + 2 * DAY),
        suppress("ben", NOW, None, "legal"), suppress("cem", NOW, NOW + DAY),
    ]  # fmt: skip
    client.force_login(MemberFactory())
    page = client.get("/customers/suppressions/").content.decode()

    assert added == [1, 1, 0, 1, 0, 1, 1]
    assert in_peace(at=NOW + 3 * DAY) == {"ben"}
    assert in_peace(at=NOW + 30 * DAY) == {"ann", "ben"}
    assert Suppression.objects.filter(customer=people["ann"]).count() == 2
    assert "2 customers must not be messaged (asked for it 1, legal matter 1)." in page
    assert ">cem<" not in page


def test_said_twice_it_is_there_once_and_lifting_needs_a_reason(people):
    both = [people["ann"].pk, people["ben"].pk]
    member = MemberFactory()

    added = [permissions.suppress(customers=both, scope="everywhere", reason="asked", actor=member) for _ in range(2)]
    row = Suppression.objects.get(customer=people["ann"])
    with pytest.raises(InvalidInput, match="why"):
        permissions.lift(suppression=row, because=" ", actor=member)
    permissions.lift(suppression=row, because="She came back.", actor=member)

    assert added == [2, 0]
    assert in_peace() == {"ben"}
    assert Suppression.objects.get(pk=row.pk).lifted_because == "She came back."
    assert AuditEntry.objects.filter(verb="suppressed").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"scope": "nowhere"}, "scope"),
        ({"scope": "channel", "what": "fax"}, "what"),
        ({"scope": "topic"}, "what"),
        ({"scope": "everywhere", "what": "email"}, "what"),
        ({"reason": "mood"}, "reason"),
        ({"ends_at": NOW - DAY}, "ends_at"),
    ],
)
def test_what_cannot_be_meant_is_refused(people, values, field):
    given = {"scope": "everywhere", "reason": "asked", **values}

    with pytest.raises(InvalidInput) as refused:
        permissions.suppress(customers=[people["ann"].pk], at=NOW, actor=None, **given)

    assert refused.value.field == field
    assert not Suppression.objects.exists()


def test_a_reader_changes_nothing(people):
    reader = MemberFactory(role="reader")

    with pytest.raises(Forbidden):
        permissions.suppress(customers=[people["ann"].pk], scope="everywhere", reason="asked", actor=reader)
    with pytest.raises(Forbidden):
        permissions.say(customer=people["ann"], channel="email", is_granted=True, source="x", actor=reader)

    assert (Suppression.objects.count(), Consent.objects.count()) == (0, 0)


def test_who_turned_out_to_be_another_keeps_words_and_peace(people):
    ann, ben, cem = (people[name].pk for name in ("ann", "ben", "cem"))
    say(people["ann"], True, at=NOW)
    say(people["ben"], False, at=NOW + DAY)
    for one in (ann, ben, cem):
        permissions.suppress(customers=[one], scope="channel", what="push", reason="bounced", at=NOW, actor=None)

    merge([(ann, cem), (ben, cem)], cause="alias")

    assert allowing(channel="email") == set()
    assert list(Consent.objects.filter(is_newest=True).values_list("customer", "is_granted")) == [(cem, False)]
    assert list(Suppression.objects.values_list("customer", "what")) == [(cem, "push")]
