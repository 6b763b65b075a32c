"""Readouts nobody asks for: every day, of what still takes in data, one job each."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils.module_loading import import_string
from django_q.models import Schedule

from engagement.core import jobs
from engagement.core.models import Job, JobState
from experiments.models import Experiment
from experiments.services.scheduled import analyse_open
from tests.experiments.builders import imported
from tests.experiments.services.test_live_experiment import LATER, START, TOML, Rows, load, start

pytestmark = pytest.mark.django_db


def test_the_worker_does_it_every_day():
    schedule = Schedule.objects.get(name="analyse open experiments")
    assert (schedule.schedule_type, import_string(schedule.func)) == ("D", analyse_open)


def test_what_takes_in_data_is_analysed_until_its_last_look(tmp_path: Path):
    finished = imported(tmp_path)
    waiting = tmp_path / "later.toml"
    waiting.write_text(TOML.format(extra="").replace('"welcome"', '"later"').replace("2026-07", "2027-07"))
    with time_machine.travel(START + timedelta(days=10)):
        experiment = start(tmp_path, Rows(tmp_path))
        load(path=waiting, actor=None)
        assert (analyse_open(), analyse_open()) == (1, 0)  # the first is still waiting
        job = Job.objects.get()
        jobs.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.arguments) == (JobState.DONE, {"key": "welcome"})
    assert job.outcome == "The readout of Shorter welcome series is as of 2026-07-16 00:00 UTC."
    assert experiment.readouts.get().document["looks"] == []

    with time_machine.travel(LATER + timedelta(days=1)):
        assert analyse_open() == 1
        jobs.run(str(Job.objects.get(state=JobState.QUEUED).pk))
        assert experiment.readouts.latest().document["looks"][-1]["is_final"]
        assert analyse_open() == 0
    assert set(Experiment.objects.values_list("key", flat=True)) == {finished.key, "welcome", "later"}
