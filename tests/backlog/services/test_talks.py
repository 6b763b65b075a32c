"""The talk on a disputed idea: who is invited, who reads what and when, one mail, one text alone."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError

from backlog import queries, tasks
from backlog.models import Explanation, Talk, VotingRound
from backlog.services import rounds, talks
from engagement.accounts.choices import Role
from engagement.accounts.models import AuditEntry, Member
from engagement.core.clock import now
from engagement.core.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from engagement.core.jobs import Progress
from engagement.core.models import Job
from tests.backlog.factories import BallotFactory, DisputedFactory, RoundIdeaFactory, VotingRoundFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk() -> Talk:
    place = DisputedFactory()
    rounds.close_round(voting_round=place.round, actor=None)
    return Talk.objects.get(round_idea=place)


def voter(name: str) -> Member:
    return Member.objects.get(name=name)


def read_by(member: Member) -> set[str]:
    return {one.text for one in queries.explanations_visible_to(member)}


def test_a6_1_closing_invites_the_lowest_and_the_highest_where_the_spread_rule_is_met():
    voting_round = VotingRoundFactory()
    split, agreed, few = (RoundIdeaFactory(round=voting_round, idea__state="in_round") for _ in range(3))
    for place, scores in ((split, (2, 3, 8, 9, 8)), (agreed, (7, 7, 8, 7, 8)), (few, (1, 1, 9, 9))):
        for score in scores:
            BallotFactory(round_idea=place, ease=score)

    rounds.close_round(voting_round=voting_round, actor=None)

    found = Explanation.objects.values_list("talk__round_idea", "talk__scale", "end", "ballot__ease", "text")
    assert list(found) == [(split.pk, "ease", "lowest", 2, ""), (split.pk, "ease", "highest", 9, "")]


def test_of_equal_ends_one_who_said_why_is_invited():
    place = RoundIdeaFactory(idea__state="in_round")
    for score, comment in ((2, ""), (2, "I tried."), (9, ""), (9, "It worked."), (None, "?"), (5, ""), (9, "So.")):
        BallotFactory(round_idea=place, impact=score, comment=comment)

    rounds.close_round(voting_round=place.round, actor=None)

    assert [one.ballot.comment for one in Explanation.objects.all()] == ["I tried.", "It worked."]


def test_whoever_explained_the_disputed_scale_is_invited_before_equal_ones():
    place = RoundIdeaFactory(idea__state="in_round")
    for score, on_scale in ((2, ""), (2, "I tried."), (9, ""), (9, ""), (9, "It worked.")):
        BallotFactory(round_idea=place, impact=score, impact_comment=on_scale, ease_comment="Easy.")

    rounds.close_round(voting_round=place.round, actor=None)

    assert [one.ballot.impact_comment for one in Explanation.objects.all()] == ["I tried.", "It worked."]


def test_a6_1_nobody_reads_either_text_before_both_are_written_and_then_everybody_reads_both(talk):
    low, high, others = voter("Lou"), voter("Oz"), [voter("Mia"), MemberFactory(administrator=True)]

    first = talks.explain(talk=talk, text=" Too dear. ", would_change="A price.", actor=low)
    before = [read_by(one) for one in (low, high, *others)]
    second = talks.explain(talk=talk, text="It sells.", actor=high)

    assert (first.is_open, second.is_open) == (False, True)
    assert before == [{"Too dear."}, set(), set(), set()]
    assert [read_by(one) for one in (low, high, *others)] == [{"Too dear.", "It sells."}] * 4
    assert Explanation.objects.get(end="lowest").would_change == "A price."
    entries = AuditEntry.objects.filter(verb="explained").order_by("pk")
    assert [(one.actor, one.target_label, one.after) for one in entries] == [
        (low, "A quiet week", {}),
        (high, "A quiet week", {}),
    ]


def test_only_the_two_ends_are_asked_and_each_once(talk):
    low = voter("Lou")

    with pytest.raises(Forbidden, match="Only the two ends"):
        talks.explain(talk=talk, text="Me too.", actor=voter("Mia"))
    with pytest.raises(InvalidInput, match="Say why"):
        talks.explain(talk=talk, text="  ", actor=low)
    with pytest.raises(InvalidInput, match="5000"):
        talks.explain(talk=talk, text="x" * 5_001, actor=low)
    talks.explain(talk=talk, text="Too dear.", actor=low)
    with pytest.raises(Conflict, match="kept as you sent it"):
        talks.explain(talk=talk, text="Not so dear.", actor=low)

    assert list(Explanation.objects.exclude(text="").values_list("text", flat=True)) == ["Too dear."]


def test_while_the_idea_is_scored_again_nothing_is_written(talk):
    talk.round_idea.idea.state = "in_round"
    talk.round_idea.idea.save()

    with pytest.raises(Conflict, match="being scored blind"):
        talks.explain(talk=talk, text="Too dear.", actor=voter("Lou"))

    assert list(queries.explanations_waiting_for(voter("Lou"))) == []


def test_what_waits_for_an_outlier_is_their_own_invitation_until_written(talk):
    low, high = voter("Lou"), voter("Oz")
    waiting = [list(queries.explanations_waiting_for(one)) for one in (low, high, voter("Mia"))]

    talks.explain(talk=talk, text="Too dear.", actor=low)

    assert [[one.end for one in found] for found in waiting] == [["lowest"], ["highest"], []]
    assert list(queries.explanations_waiting_for(low)) == []
    high.role = Role.READER
    high.save()
    assert list(queries.explanations_waiting_for(high)) == []


def test_a6_1_a_moderator_lets_one_text_stand_alone_after_the_rounds_wait_with_a_reason(talk):
    voting_round = VotingRound.objects.get()
    over, opener = voting_round.closed_at + timedelta(days=3), voting_round.opened_by
    with pytest.raises(Conflict, match="one of two is written"):
        talks.let_stand_alone(talk=talk, reason="He left.", actor=opener, at=over)
    talks.explain(talk=talk, text="Too dear.", actor=voter("Lou"))

    for actor, reason, at, refusal in (
        (voter("Mia"), "He left.", over, Forbidden),
        (opener, "He left.", over - timedelta(seconds=1), Conflict),
        (opener, " ", over, InvalidInput),
    ):
        with pytest.raises(refusal):
            talks.let_stand_alone(talk=talk, reason=reason, actor=actor, at=at)
    hidden = read_by(voter("Mia"))
    opened = talks.let_stand_alone(talk=talk, reason="He left.", actor=opener, at=over)

    assert (opened.opened_at, opened.alone_by, opened.alone_reason) == (over, opener, "He left.")
    assert (hidden, read_by(voter("Mia"))) == (set(), {"Too dear."})
    with pytest.raises(Conflict, match="stands alone by now"):
        talks.explain(talk=talk, text="It sells.", actor=voter("Oz"))
    [entry] = AuditEntry.objects.filter(verb="let one text stand alone")
    assert (entry.actor, entry.reason) == (opener, "He left.")


def test_asking_for_a_reason_sends_one_polite_mail_once(talk):
    asker, high = voter("Mia"), voter("Oz")

    asked = talks.ask(talk=talk, end="highest", actor=asker)
    job = Job.objects.get()
    told = [tasks.ask_for_reason(progress=Progress(), **job.arguments)[0] for _ in range(2)]

    assert job.name == "backlog.tasks.ask_for_reason"
    assert told == ["Oz is asked.", "Oz was asked already."]
    [letter] = mail.outbox
    assert (letter.subject, letter.to) == ("Mia asks for your reason: A quiet week", [high.email])
    place = talk.round_idea
    assert f"/rounds/{place.round_id}/ideas/{place.idea_id}/#talk" in letter.body
    assert "in Round 7 your ballot for “A quiet week” says 9 on impact" in letter.body
    assert (asked.asked_by, asked.is_written) == (asker, False)
    with pytest.raises(Conflict, match="asked once only"):
        talks.ask(talk=talk, end="highest", actor=voter("Nat"))


@pytest.mark.parametrize(
    ("asker", "end", "refusal"),
    [("Lou", "lowest", Conflict), ("Mia", "middle", NotFound), ("reader", "highest", Forbidden)],
)
def test_who_cannot_be_asked_is_not(talk, asker, end, refusal):
    MemberFactory(name="reader", role=Role.READER)

    with pytest.raises(refusal):
        talks.ask(talk=talk, end=end, actor=voter(asker))

    assert not Job.objects.exists()


def test_who_has_written_or_cannot_write_any_more_is_not_asked(talk):
    talks.explain(talk=talk, text="Too dear.", actor=voter("Lou"))
    Member.objects.filter(name="Oz").update(is_active=False)

    for end in ("lowest", "highest"):
        with pytest.raises(Conflict):
            talks.ask(talk=talk, end=end, actor=voter("Mia"))

    assert not Job.objects.exists()


def test_a_mail_that_could_not_leave_counts_as_not_asked(talk, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    asked = talks.ask(talk=talk, end="highest", actor=voter("Mia"))

    with pytest.raises(OSError, match="refused"):
        talks.mail(explanation_id=asked.pk, progress=Progress())

    asked.refresh_from_db()
    assert (asked.asked_at, asked.asked_by, asked.mailed_at) == (None, None, None)
    with pytest.raises(NotFound):
        talks.mail(explanation_id=asked.pk, progress=Progress())


def test_the_database_keeps_no_empty_text_as_written(talk):
    with pytest.raises(DatabaseError):
        Explanation.objects.filter(end="lowest").update(written_at=now())


def test_a_reader_writes_nothing(talk):
    low = voter("Lou")
    low.role = Role.READER
    low.save()

    with pytest.raises(DomainError):
        talks.explain(talk=talk, text="Too dear.", actor=low)

    assert not Explanation.objects.exclude(written_at=None).exists()
