"""Telling people what cannot wait: each owner once, and the page says who knows."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from engagement.accounts.models import Member
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers.models import Feed
from experiments import tasks
from experiments.models import Alert, AlertNote, Experiment, Readout
from experiments.services import alerting, checklist, runs, watching
from tests.experiments.watched import guarded
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
HARM = "Harm is shown: Daily on “complained”."


@pytest.fixture
def ada():
    return MemberFactory(name="Ada", email="ada@example.org")


@pytest.fixture
def grace():
    return MemberFactory(name="Grace", email="grace@example.org")


def alert(author: Member, *, analysis_owner: Member | None = None, **values) -> Alert:
    """Of an experiment that `author` planned and launched."""
    experiment = guarded(author=author)
    Experiment.objects.filter(pk=experiment.pk).update(launch_owner=author, analysis_owner=analysis_owner, **values)
    checklist.mark(experiment=experiment, item="escalation", kind="tick", actor=author, reason="Call Ada, then pause.")
    return Alert.objects.create(
        experiment=Experiment.objects.get(pk=experiment.pk), kind="guardrails", about=["complained/daily"],
        sentence=HARM, has_paused=True,
    )  # fmt: skip


def tell(found: Alert) -> str:
    sentence, url = tasks.tell_alert(progress=Progress(), alert_id=found.pk)
    assert url == "/experiments/daily/health/"
    return sentence


def test_b6_each_owner_is_told_once_and_the_page_says_who_knows(client, ada, grace):
    found = alert(ada, analysis_owner=grace)

    assert (tell(found), tell(found)) == ("Ada and Grace: told.", "Ada and Grace: told.")

    assert [(one.to, one.subject) for one in mail.outbox] == [
        (["ada@example.org"], "Guardrail crossed: A daily letter"),
        (["grace@example.org"], "Guardrail crossed: A daily letter"),
    ]
    assert mail.outbox[1].body.split("\n") == [
        "Dear Grace,", "", "of “A daily letter”:", "", f"Guardrail crossed. {HARM}", "",
        "It is paused, as its plan says: nobody gets a variant until somebody resumes.", "",
        "The escalation plan:", "Call Ada, then pause.", "",
        "What is known, and the button that pauses or resumes:",
        "http://127.0.0.1:8000/experiments/daily/health/", "",
    ]  # fmt: skip
    client.force_login(ada)
    page = re.sub(r"\s+", " ", client.get("/experiments/daily/health/").content.decode())
    assert re.findall(r"(\w+) was told on", page) == ["Ada", "Grace"]


def test_a_mail_server_that_is_away_costs_no_note_and_the_next_readout_tells(ada, settings):
    found = alert(ada)
    runs.start(experiment=found.experiment, actor=None)
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    with pytest.raises(alerting.NotTold, match="The mail server cannot be reached"):
        tell(found)

    assert not AlertNote.objects.exists()
    settings.EMAIL_BACKEND = backend
    assert watching.look(readout(found.experiment)) == []
    [job] = Job.objects.filter(name="experiments.tasks.tell_alert")
    assert job.arguments == {"alert_id": found.pk}
    assert tell(found) == "Ada: told."
    assert (len(mail.outbox), Alert.objects.filter(told_at=None).count()) == (1, 0)


def test_a_note_whose_worker_died_is_not_sent_again(ada):
    found = alert(ada)
    AlertNote.objects.create(alert=found, member=ada)

    tell(found)

    assert mail.outbox == []


def test_nobody_who_was_made_up_gets_mail(ada):
    Member.objects.filter(pk=ada.pk).update(is_demonstration=True)

    assert tell(alert(Member.objects.get(pk=ada.pk))) == "It has no owner, so nobody was told."
    assert mail.outbox == []


def readout(experiment: Experiment, *checks: dict) -> Readout:
    return Readout.objects.create(
        experiment=experiment, as_of=datetime(2026, 7, 1, tzinfo=UTC), document={"health": checks}, series={}
    )


def test_b6_a_stale_feed_is_told_once_until_it_recovers_and_dries_up_again(ada):
    experiment = runs.start(experiment=guarded(author=ada), actor=None)
    feed = Feed.objects.create(event="complaint", is_live=True, newest_at=datetime(2026, 7, 1, tzinfo=UTC))
    stale = {"check": "freshness", "status": "fail", "message": "It is old.", "about": ["complaint"]}

    raised = [len(watching.look(readout(experiment, stale))) for _ in range(2)]
    feed.newest_at += timedelta(days=1)
    feed.save()
    raised.append(len(watching.look(readout(experiment, {**stale, "status": "warn"}))))
    raised.append(len(watching.look(readout(experiment, stale))))

    assert raised == [1, 0, 0, 1]
    assert {(one.kind, one.sentence, one.has_paused) for one in Alert.objects.all()} == {
        ("freshness", "It is old.", False)
    }
