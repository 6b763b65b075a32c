"""`check_health`: one line a check, and an exit code a script can ask."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command

from engagement.core import health
from engagement.core.clock import now
from engagement.core.models import Job, JobState

pytestmark = pytest.mark.django_db


class NoMailServer(BaseEmailBackend):
    """A mail server that nobody answers at, telling so in two lines as drivers do."""

    def open(self) -> bool:
        raise ConnectionRefusedError("connection refused\nIs the server running?")

    def send_messages(self, email_messages) -> int:
        return 0


def lines() -> list[str]:
    out = StringIO()
    call_command("check_health", stdout=out)
    return out.getvalue().splitlines()


def test_health_when_everything_answers_is_a_line_each(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Job.objects.create(name="engagement.core.jobs.run", label="One that waits")
    Job.objects.create(name="engagement.core.jobs.run", label="One that is over", state=JobState.DONE)

    found = lines()

    assert [line.split(":")[0] for line in found] == ["pass  database", "pass  store", "pass  queue", "pass  mail"]
    assert found[1:3] == ["pass  store: the folder can be written; DuckDB answers", "pass  queue: 1 jobs waiting"]


def test_health_when_the_spark_master_is_away_says_so(settings):
    pytest.importorskip("pyspark")
    settings.WAREHOUSE_ENGINE = "spark://127.0.0.1:9"
    store = health.checks(is_thorough=True)[1]
    assert (store.name, store.passed) == ("store", False)
    assert "refused" in store.finding.lower() or "java" in store.finding


def test_health_when_mail_is_down_names_it_in_one_line_and_exits_1(settings):
    settings.EMAIL_BACKEND = f"{__name__}.NoMailServer"
    out = StringIO()

    with pytest.raises(SystemExit) as exit_info:
        call_command("check_health", stdout=out)

    assert exit_info.value.code == 1
    assert out.getvalue().splitlines()[-1] == (
        "fail  mail: ConnectionRefusedError: connection refused Is the server running?"
    )
    assert len(out.getvalue().splitlines()) == 4


def test_health_when_the_store_cannot_be_written_exits_1(settings, tmp_path: Path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.WAREHOUSE_DIR = tmp_path / "a file"
    settings.WAREHOUSE_DIR.write_text("in the way of the folder")
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("check_health", stdout=out)

    assert [line[:4] for line in out.getvalue().splitlines()] == ["pass", "fail", "pass", "pass"]


def test_health_when_a_job_waits_and_no_worker_runs_one_exits_1(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(now() - timedelta(minutes=11), tick=False):
        Job.objects.create(name="x", label="One that waits")
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("check_health", stdout=out)

    assert out.getvalue().splitlines()[2] == (
        "fail  queue: NoWorker: a job has waited for more than 10 minutes and none runs"
    )


def test_health_when_a_job_waits_behind_one_that_runs_is_well():
    with time_machine.travel(now() - timedelta(minutes=11), tick=False):
        Job.objects.create(name="x", label="One that waits")
    Job.objects.create(name="x", label="A long one", state=JobState.RUNNING, beat_at=now())

    assert health.checks()[2] == health.Check("queue", passed=True, finding="1 jobs waiting")


def test_two_checks_of_the_store_at_once_do_not_meet(settings, monkeypatch):
    """The second one starts and ends in the middle of the first."""
    written = []

    def write(path: Path, data: bytes) -> int:
        written.append(path)
        if len(written) == 1:
            health._store()
        with path.open("wb") as file:
            return file.write(data)

    monkeypatch.setattr(Path, "write_bytes", write)

    health._store()

    assert len(set(written)) == 2
    assert list(settings.WAREHOUSE_DIR.iterdir()) == []


def test_a_probe_that_somebody_swept_away_is_no_fault(monkeypatch):
    monkeypatch.setattr(Path, "write_bytes", lambda _path, _data: 0)

    assert health._store() == "the folder can be written"
