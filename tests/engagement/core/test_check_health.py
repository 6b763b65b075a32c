"""`check_health`: one line a check, and an exit code a script can ask."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command

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
    assert found[2] == "pass  queue: 1 jobs waiting"


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
