from datetime import timedelta

import pytest
from django.db import transaction
from django_q.models import OrmQ

from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import InvalidInput
from engagement.core.models import Job, JobState

HERE = "tests.engagement.core.test_jobs"


def count_rows(*, progress, rows):
    progress.doing("Counting", total=rows)
    return f"{rows} rows counted.", "/counted/"


def refuse(*, progress):
    raise InvalidInput("Line 3, column spend: “abc” is no number.")


def break_down(*, progress):
    raise ZeroDivisionError


def outcome_of(name, **arguments):
    job = Job.objects.create(name=f"{HERE}.{name}", label="Count", arguments=arguments)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    return job


@pytest.mark.django_db
def test_a_job_ends_in_its_sentence_with_a_way_to_its_result():
    job = outcome_of("count_rows", rows=12)

    assert (job.state, job.outcome, job.result_url) == (JobState.DONE, "12 rows counted.", "/counted/")
    assert (job.total, job.doing) == (12, "")
    assert job.started_at <= job.ended_at


@pytest.mark.django_db
def test_a_refused_job_says_what_was_refused():
    job = outcome_of("refuse")

    assert (job.state, job.outcome) == (JobState.REFUSED, "Line 3, column spend: “abc” is no number.")


@pytest.mark.django_db
def test_a_broken_job_says_so_without_its_insides_and_the_worker_hears_of_it():
    job = Job.objects.create(name=f"{HERE}.break_down", label="Count")

    with pytest.raises(ZeroDivisionError):
        jobs.run(str(job.pk))

    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.outcome == "This did not work, through no fault of yours. Nothing was half-written."


@pytest.mark.django_db
@pytest.mark.parametrize("state", [JobState.DONE, JobState.REFUSED, JobState.FAILED])
def test_a_job_that_is_over_never_runs_again(state):
    job = Job.objects.create(name=f"{HERE}.break_down", label="Count", state=state, outcome="Kept.")

    jobs.run(str(job.pk))

    job.refresh_from_db()
    assert (job.state, job.outcome) == (state, "Kept.")


@pytest.mark.django_db
def test_a_job_whose_worker_lives_is_left_to_it():
    job = Job.objects.create(name=f"{HERE}.break_down", label="Count", state=JobState.RUNNING, beat_at=now())

    jobs.run(str(job.pk))

    job.refresh_from_db()
    assert job.state == JobState.RUNNING


@pytest.mark.django_db(transaction=True)
def test_a_job_is_queued_after_commit_only():
    with transaction.atomic():
        job = jobs.enqueue(f"{HERE}.count_rows", label="Count", rows=1)
        assert OrmQ.objects.count() == 0

    assert [entry.task["args"] for entry in OrmQ.objects.all()] == [(str(job.pk),)]
    assert job.arguments == {"rows": 1}


@pytest.mark.django_db(transaction=True)
def test_a_job_is_not_queued_when_the_transaction_fails():
    with transaction.atomic():
        jobs.enqueue(f"{HERE}.count_rows", label="Count", rows=1)
        transaction.set_rollback(True)

    assert (Job.objects.count(), OrmQ.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_only_jobs_whose_worker_fell_silent_are_queued_again():
    silent = Job.objects.create(name="x", label="x", state=JobState.RUNNING, beat_at=now() - timedelta(minutes=1))
    Job.objects.create(name="x", label="x", state=JobState.RUNNING, beat_at=now())
    Job.objects.create(name="x", label="x", state=JobState.QUEUED)
    Job.objects.create(name="x", label="x", state=JobState.DONE, beat_at=now() - timedelta(minutes=1))

    assert jobs.resume_lost() == 1
    assert [entry.task["args"] for entry in OrmQ.objects.all()] == [(str(silent.pk),)]


@pytest.mark.django_db
def test_a_job_that_lost_its_worker_starts_over():
    job = Job.objects.create(
        name=f"{HERE}.count_rows",
        label="Count",
        arguments={"rows": 3},
        state=JobState.RUNNING,
        beat_at=now() - timedelta(minutes=1),
        done=2,
    )

    jobs.run(str(job.pk))

    job.refresh_from_db()
    assert (job.state, job.outcome) == (JobState.DONE, "3 rows counted.")


RACE = """
from threading import Barrier, Thread
from django.db import connection
from engagement.core import jobs
from engagement.core.models import Job

waiting = [Job.objects.create(name="x", label="x").pk for _ in range(30)]
start, claimed = Barrier(2), []

def race():
    for pk in waiting:
        start.wait()
        if jobs._claim(pk):
            claimed.append(pk)
    connection.close()

threads = [Thread(target=race) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(sorted(claimed) == sorted(waiting))
"""


def test_two_workers_after_the_same_jobs_claim_each_exactly_once(installation):
    assert installation.shell(RACE).strip() == "True"
