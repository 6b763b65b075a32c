from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Thread, current_thread, main_thread

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django_q.models import OrmQ

from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import InvalidInput
from engagement.core.jobs import Progress
from engagement.core.models import Job, JobState

HERE = "tests.engagement.core.test_jobs"
two_beats = Event()


def count_rows(*, progress, rows):
    progress.doing("Counting", total=rows)
    return f"{rows} rows counted.", "/counted/"


def refuse(*, progress):
    raise InvalidInput("Line 3, column spend: “abc” is no number.")


def break_down(*, progress):
    raise ZeroDivisionError


def wait_for_two_beats(*, progress):
    assert two_beats.wait(10)
    return "Lived.", ""


def lose_to_another(*, progress, rows):
    """Falls silent for too long: another runner takes the job over and ends it first."""
    Job.objects.filter(pk=progress.job.pk).update(beat_at=now() - timedelta(minutes=1), name=f"{HERE}.count_rows")
    other = Thread(target=run_elsewhere, args=(str(progress.job.pk),))
    other.start()
    other.join()
    progress.doing("Overwriting", total=99)
    return "The loser's sentence.", "/lost/"


def tell_from_another_thread(*, progress):
    """As the store does, while this thread's transaction may hold the table."""
    progress.doing("Storing", total=9)
    progress._written_at -= timedelta(seconds=1)  # due again
    with ThreadPoolExecutor(1) as pool:
        pool.submit(progress.reached, 5).result()
    return "Stored.", ""


def run_elsewhere(job_id):
    jobs.run(job_id)
    connection.close()


def outcome_of(name, **arguments):
    job = Job.objects.create(name=f"{HERE}.{name}", label="Count", arguments=arguments)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    return job


@pytest.mark.django_db
def test_work_goes_on_where_another_thread_cannot_tell_of_it():
    job = outcome_of("tell_from_another_thread")

    assert (job.state, job.outcome) == (JobState.DONE, "Stored.")


@pytest.mark.django_db(transaction=True)
def test_another_thread_tells_how_far_it_is():
    job = outcome_of("tell_from_another_thread")

    assert (job.done, job.total) == (5, 9)


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


@pytest.mark.django_db
def test_a_job_whose_task_was_lost_is_sent_again_once_a_minute():
    with time_machine.travel(now() - timedelta(minutes=2), tick=False):
        unsent = Job.objects.create(name="x", label="x")
    Job.objects.create(name="x", label="x")

    assert [jobs.resume_lost(), jobs.resume_lost()] == [1, 0]
    assert [entry.task["args"] for entry in OrmQ.objects.all()] == [(str(unsent.pk),)]


@pytest.mark.django_db
def test_a_job_that_kills_every_worker_is_given_up_after_three():
    job = Job.objects.create(name=f"{HERE}.break_down", label="Count")
    for attempt in (1, 2, 3):
        assert jobs._claim(job.pk).attempts == attempt
        Job.objects.update(beat_at=now() - timedelta(minutes=1))

    jobs.run(str(job.pk))

    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.FAILED, 3)
    assert job.outcome == "This was started 3 times and each time its worker died. It is not tried again."
    assert job.ended_at is not None
    assert jobs.resume_lost() == 0


@pytest.mark.django_db(transaction=True)
def test_a_runner_that_lost_its_job_overwrites_nothing():
    job = outcome_of("lose_to_another", rows=3)

    assert (job.state, job.outcome, job.result_url) == (JobState.DONE, "3 rows counted.", "/counted/")
    assert (job.total, job.doing, job.attempts) == (3, "", 2)


@pytest.mark.django_db
def test_the_sign_of_life_outlives_a_database_that_is_busy_for_a_moment(monkeypatch):
    beats = []

    def held(job):
        if current_thread() is main_thread():
            return Job.objects.filter(pk=job.pk)
        beats.append(job)
        if len(beats) == 2:
            two_beats.set()
        raise OperationalError("database is locked")

    two_beats.clear()
    monkeypatch.setattr(jobs, "BEAT_S", 0.001)
    monkeypatch.setattr(jobs, "_held", held)

    assert outcome_of("wait_for_two_beats").outcome == "Lived."


@pytest.mark.django_db
def test_a_long_label_and_a_long_stage_are_cut_to_what_their_columns_hold():
    job = jobs.enqueue("x", label="a" * 201)
    Job.objects.update(state=JobState.RUNNING)
    Progress(job).doing("b" * 201)

    job.refresh_from_db()
    assert (job.label, job.doing) == ("a" * 199 + "…", "b" * 199 + "…")


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
