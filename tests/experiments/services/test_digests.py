"""The digest: every voter once, within a day, in the rhythm they chose."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django_q.models import Schedule

from engagement.accounts.services import people
from engagement.core.clock import now
from experiments.models import DigestNote
from experiments.services import digests
from tests.backlog.factories import BallotFactory
from tests.experiments.outcomes import decide, documents, scored
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def anna():
    return MemberFactory(name="Anna", email="anna@example.org")


@pytest.fixture
def readouts(tmp_path):
    return documents(tmp_path)


def receivers() -> list[str]:
    return [message.to[0] for message in mail.outbox]


def test_a8_1_within_a_day_of_a_decision_each_voter_has_one_note(anna, readouts, settings):
    at = now()
    ballot = scored(anna, "Thank\nthem", at, expected_lift=Decimal("0.03"))
    second = BallotFactory(round_idea=ballot.round_idea, voter__email="ben@example.org", cast_at=ballot.cast_at)
    MemberFactory(email="no.voter@example.org")
    decision = decide(ballot.round_idea.idea, readouts["better"], at)
    assert Schedule.objects.get(func="experiments.services.digests.send_due").schedule_type == Schedule.DAILY

    assert digests.send_due(at=at + DAY) == "2 digests sent."

    assert receivers() == ["anna@example.org", "ben@example.org"]
    assert mail.outbox[0].subject == "What became of “Thank them”"
    assert "Decided: Stop without decision. You expected +3%; it did +80% (+43 to +127%)." in mail.outbox[0].body
    assert f"{settings.BASE_URL}/experiments/{decision.experiment.key}/results/" in mail.outbox[0].body
    assert "When you say" not in mail.outbox[0].body
    assert set(DigestNote.objects.values_list("member", "decision")) == {
        (anna.pk, decision.pk),
        (second.voter_id, decision.pk),
    }
    assert digests.send_due(at=at + 2 * DAY) == "0 digests sent."
    assert len(mail.outbox) == 2


def test_two_decisions_of_one_day_come_in_one_mail_and_an_invalid_one_says_why(anna, readouts):
    at = now()
    for title, verdict in (("Thank them", "worse"), ("Ask them", "invalid")):
        decide(scored(anna, title, at, expected_lift=None).round_idea.idea, readouts[verdict], at)

    assert digests.send_due(at=at + DAY) == "1 digest sent."

    assert mail.outbox[0].subject == "What became of “Ask them” and 1 other idea"
    assert "no effect is given: sample ratio failed." in mail.outbox[0].body


def test_who_chose_a_week_gets_what_came_in_a_week(anna, readouts):
    at = now()
    people.change_profile(member=anna, digest="weekly")
    for days, title in ((0, "First"), (1, "Second"), (3, "Third")):
        decide(scored(anna, title, at, confidence=5).round_idea.idea, readouts["better"], at + days * DAY)

    for days in range(1, 9):
        digests.send_due(at=at + days * DAY - timedelta(hours=1))

    assert [message.subject for message in mail.outbox] == [
        "What became of “First”",
        "What became of “Third” and 1 other idea",
    ]


def test_who_wants_none_who_left_and_whom_the_demonstration_made_up_get_none(anna, readouts):
    at = now()
    ballot = scored(anna, "Thank them", at)
    people.change_profile(member=anna, digest="none")
    for columns in ({"is_active": False}, {"is_demonstration": True}):
        voter = MemberFactory(**columns)
        BallotFactory(round_idea=ballot.round_idea, voter=voter, cast_at=ballot.cast_at)
    decide(ballot.round_idea.idea, readouts["better"], at)

    assert digests.send_due(at=at + DAY) == "0 digests sent."

    people.change_profile(member=anna, digest="daily")
    assert digests.send_due(at=at + DAY) == "1 digest sent."


def test_old_news_simulated_news_and_what_was_scored_afterwards_are_not_sent(anna, readouts):
    at = now()
    decide(scored(anna, "Old", at - 20 * DAY).round_idea.idea, readouts["better"], at - 20 * DAY)
    decide(scored(anna, "Made up", at).round_idea.idea, readouts["better"], at, is_simulated=True)
    decide(scored(anna, "Late", at + 31 * DAY).round_idea.idea, readouts["better"], at)

    assert digests.send_due(at=at + DAY) == "0 digests sent."


class Refusing(EmailBackend):
    """Takes no mail for Anna, as a server does that knows no such address."""

    def send_messages(self, messages):
        if "anna@example.org" in messages[0].to:
            raise ConnectionRefusedError("no such address")
        return super().send_messages(messages)


def test_what_could_not_leave_goes_with_the_next_one_and_stops_nobody_elses(anna, readouts, settings):
    at = now()
    ballot = scored(anna, "Thank them", at)
    BallotFactory(round_idea=ballot.round_idea, voter__email="ben@example.org", cast_at=ballot.cast_at)
    decide(ballot.round_idea.idea, readouts["better"], at)
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Refusing"

    assert digests.send_due(at=at + DAY) == "1 digest sent. 1 could not leave."
    settings.EMAIL_BACKEND = works
    assert digests.send_due(at=at + 2 * DAY) == "1 digest sent."

    assert receivers() == ["ben@example.org", "anna@example.org"]
