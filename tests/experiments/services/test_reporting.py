"""A report is written, released by somebody else, frozen, corrected by another revision, shared and answered."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail

from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from engagement.core.jobs import Progress
from engagement.core.models import Job
from experiments.models import AskAnswer, Decision, Readout, ReportOpening, ReportRevision
from experiments.reports.quarterly.period import quarter_of
from experiments.services import decisions
from experiments.services.reporting import answering, mailing, releasing, sharing, writing
from tests.experiments.builders import imported
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
LEARNING = "A word of thanks keeps readers."


@pytest.fixture
def writer():
    return MemberFactory(name="Ada")


@pytest.fixture
def reader():
    return MemberFactory(name="Ben")


@pytest.fixture
def quarter(tmp_path):
    experiment = imported(tmp_path)
    words = {"reason": "It pays.", "learning": "Mails bring buyers."}
    decisions.decide(
        experiment=experiment, kind="ship", variant=experiment.variants.get(position=1), actor=MemberFactory(), **words
    )
    return quarter_of(now())


def write(quarter, actor, *, text=LEARNING, **values):
    words = {"title": "Readers stay", "correction": "", **values}
    return writing.write(quarter=quarter, learnings=[{"text": text, "experiment": "mails"}], actor=actor, **words)


def released(quarter, writer, reader, **values) -> ReportRevision:
    write(quarter, writer, **values)
    return releasing.release(quarter=quarter, actor=reader)


def test_whoever_wrote_it_does_not_release_it(quarter, writer, reader):
    write(quarter, writer)

    with pytest.raises(Forbidden, match="somebody else releases it"):
        releasing.release(quarter=quarter, actor=writer)

    revision = releasing.release(quarter=quarter, actor=reader)
    assert (revision.number, revision.written_by, revision.released_by) == (1, writer, reader)
    assert revision.document["learnings"] == [{"text": LEARNING, "experiment": "mails"}]
    assert AuditEntry.objects.filter(verb="released report", actor=reader).count() == 1


def test_numbers_alone_are_no_report(quarter, reader):
    with pytest.raises(Conflict, match="Write the learnings first"):
        releasing.release(quarter=quarter, actor=reader)


def test_c7_2_a_released_report_keeps_its_numbers_and_a_new_revision_says_what_differs(quarter, writer, reader):
    first = released(quarter, writer, reader)
    before = dict(first.document)
    readout = Decision.objects.get().readout
    for metric in readout.document["metrics"]:
        for comparison in metric["comparisons"]:
            comparison["lift"]["estimate"] += 0.01
    Readout.objects.filter(pk=readout.pk).update(document=readout.document)

    first.refresh_from_db()
    assert first.document == before
    second = released(quarter, writer, reader, seen_version=2, correction="Late orders came in.")

    assert (second.number, second.correction) == (2, "Late orders came in.")
    assert [sentence for sentence in second.differences if sentence.startswith("The effect of “mails” was")]
    assert ReportRevision.objects.get(number=1).document == before


def test_a_second_revision_says_what_it_corrects(quarter, writer, reader):
    released(quarter, writer, reader)

    with pytest.raises(InvalidInput, match="what this revision corrects"):
        released(quarter, writer, reader, seen_version=2)

    assert ReportRevision.objects.count() == 1


def test_somebody_elses_newer_text_is_not_written_over(quarter, writer, reader):
    write(quarter, writer)

    with pytest.raises(Conflict, match="meanwhile"):
        write(quarter, reader, text="Mine")

    assert write(quarter, reader, text="Mine", seen_version=1).learnings == [{"text": "Mine", "experiment": "mails"}]


def test_what_changed_since_it_was_read_is_not_released(quarter, writer, reader):
    seen = write(quarter, writer).version
    write(quarter, writer, text="Another", seen_version=seen)

    with pytest.raises(Conflict, match="has changed since"):
        releasing.release(quarter=quarter, actor=reader, seen_version=seen)


@pytest.mark.parametrize(
    ("learnings", "sentence"),
    [
        ([{"text": "x" * 141, "experiment": ""}], "at most 140 characters"),
        ([{"text": "x", "experiment": "nowhere"}], "no decided experiment “nowhere”"),
        ([{"text": str(n), "experiment": ""} for n in range(4)], "At most three"),
    ],
)
def test_learnings_that_cannot_stand_are_refused(quarter, writer, learnings, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        writing.write(quarter=quarter, title="", learnings=learnings, correction="", actor=writer)


def ask(quarter, owner, writer):
    return writing.ask(
        quarter=quarter, text="Keep the holdout", kind="decision", owner=owner, due=now().date(), actor=writer
    )


def test_c6_1_an_answer_is_recorded_with_name_and_time_and_reaches_the_owner(quarter, writer, reader):
    wanted = ask(quarter, MemberFactory(name="Cleo", email="cleo@example.org"), writer)
    with pytest.raises(Conflict, match="not asked in a released report"):
        answering.answer(ask=wanted, reply="yes", name="Dora", member=None)
    released(quarter, writer, reader)

    answer = answering.answer(ask=wanted, reply="talk", name="Dora", member=None)
    job = Job.objects.get(name="experiments.tasks.tell_ask_owner")
    answering.tell_owner(**job.arguments, progress=Progress())

    assert (answer.name, answer.reply) == ("Dora", "talk")
    assert abs(answer.at - now()) < timedelta(minutes=1)
    assert [(sent.subject, sent.to) for sent in mail.outbox] == [("Dora: Let us talk", ["cleo@example.org"])]


@pytest.mark.parametrize(("reply", "name"), [("maybe", "Dora"), ("yes", " ")])
def test_an_answer_of_nobody_or_of_no_kind_is_refused(quarter, writer, reader, reply, name):
    wanted = ask(quarter, writer, writer)
    released(quarter, writer, reader)

    with pytest.raises(InvalidInput):
        answering.answer(ask=wanted, reply=reply, name=name, member=None)

    assert not AskAnswer.objects.exists()


def test_c1_the_mail_alone_is_worth_reading(quarter, writer, reader):
    mailing.subscribe(member=MemberFactory(email="lea@example.org"))
    revision = released(quarter, writer, reader)

    told = mailing.mail(revision_id=revision.pk, address="https://example.org/reports/1/", progress=Progress())

    [sent] = mail.outbox
    assert told == "1 subscriber has it."
    assert sent.to == ["lea@example.org"]
    assert "Readers stay" in sent.subject
    assert f"1. {LEARNING}" in sent.body
    assert "What was shipped moved bought by +" in sent.body
    assert "https://example.org/reports/1/" in sent.body


def test_a_link_opens_until_it_ends_or_is_revoked_and_every_opening_is_logged(quarter, writer, reader):
    with pytest.raises(Conflict, match="Only a released report"):
        sharing.make_link(quarter=quarter, reader="Board", expires_at=now() + timedelta(days=1), actor=writer)
    released(quarter, writer, reader)
    link, token = sharing.make_link(quarter=quarter, reader="Board", expires_at=now() + timedelta(days=1), actor=writer)

    assert sharing.opened(token=token) == link
    with time_machine.travel(now() + timedelta(days=2)), pytest.raises(NotFound, match="Ask Ada for a new one"):
        sharing.opened(token=token)
    sharing.revoke(link=link, actor=reader)
    with pytest.raises(NotFound, match="Ask Ada for a new one"):
        sharing.opened(token=token)
    with pytest.raises(NotFound, match="leads nowhere"):
        sharing.opened(token="guessed")
    assert ReportOpening.objects.count() == 1
    assert token not in link.token_hash
