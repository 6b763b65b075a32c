"""A file that comes through the browser: kept, looked at, handed to a job, forgotten."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import override_settings
from django.utils.module_loading import import_string

from engagement.accounts.models import AuditEntry
from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from engagement.core.jobs import Progress
from engagement.core.models import Job, JobState
from experiments import queries, tasks
from experiments.models import Experiment, ResultsUpload
from experiments.results_file import ResultsMetric
from experiments.services import results_uploads
from experiments.services.results_uploads import Reading
from tests.experiments.builders import imported, planned, results_csv
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
READING = Reading("arm", "none", [ResultsMetric("bought", "proportion", "bought")], "bought")


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def content(tmp_path) -> bytes:
    return results_csv(tmp_path / "r.csv").read_bytes()


def received(member, content: bytes, key: str = "mails") -> ResultsUpload:
    return results_uploads.receive(key=key, file=ContentFile(content, name="../my results.csv"), actor=member)


def files(folder) -> list[str]:
    return sorted(path.name for path in (folder / "uploads").rglob("*") if path.is_file())


def test_a_received_file_is_kept_under_its_number_for_its_owner_alone(member, content, own_data_dir):
    upload = received(member, content)

    assert (upload.file_name, upload.size) == ("my results.csv", len(content))
    assert upload.header == ["who", "arm", "bought", "spend"]
    assert upload.path == own_data_dir / "uploads" / "results" / str(upload.pk)
    assert upload.path.read_bytes() == content
    assert upload.path.stat().st_mode & 0o077 == 0
    assert queries.results_upload(upload.pk, member=member) == upload
    with pytest.raises(NotFound):
        queries.results_upload(upload.pk, member=MemberFactory(administrator=True))
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.after) == ("uploaded results", {"key": "mails", "bytes": len(content)})


@pytest.mark.parametrize(
    ("key", "content", "field", "sentence"),
    [
        ("no spaces", b"arm\na\n", "key", "A key has 1 to 100 letters, digits, - or _."),
        ("mails", b"", "file", "my results.csv: the file is empty."),
        ("mails", b"PK\x03\x04\0\0", "file", "my results.csv, line 1: this is no CSV file: it holds zero bytes."),
        (
            "mails",
            b"\xff",
            "file",
            "my results.csv, line 1: byte 1 of the line is no UTF-8; save the file as UTF-8.",
        ),
    ],
)
def test_a_file_that_cannot_be_used_leaves_nothing(member, own_data_dir, key, content, field, sentence):
    with pytest.raises(InvalidInput) as refusal:
        received(member, content, key)

    assert (str(refusal.value), refusal.value.field) == (sentence, field)
    assert files(own_data_dir) == []
    assert not ResultsUpload.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_reader_uploads_nothing(content, own_data_dir):
    with pytest.raises(Forbidden):
        received(MemberFactory(reader=True), content)

    assert files(own_data_dir) == []


def test_an_experiment_that_has_its_results_takes_no_others(member, content, tmp_path, own_data_dir):
    imported(tmp_path, key="mails")

    with pytest.raises(Conflict, match="“mails” is ended and has its results") as refusal:
        received(member, content)

    assert refusal.value.field == "key"
    assert files(own_data_dir) == []


@pytest.mark.parametrize(
    ("reading", "field", "sentence"),
    [
        (Reading("nobody", "none", READING.metrics), "variant", "The file has no column “nobody”."),
        (Reading("arm", "", READING.metrics), "control", "Name the control: the others are compared with it."),
        (Reading("arm", "none", []), "metrics", "Name at least one metric."),
        (Reading("arm", "none", [*READING.metrics] * 2), "metrics", "Two metrics have the same name."),
        (Reading("arm", "none", READING.metrics, "spend"), "metrics", "The primary metric is none of the metrics."),
        (Reading("arm", "none", READING.metrics, customer="id"), "variant", "The file has no column “id”."),
    ],
)
def test_a_reading_that_cannot_work_is_refused_before_any_job(member, content, reading, field, sentence):
    upload = received(member, content)

    with pytest.raises(InvalidInput) as refusal:
        results_uploads.start_import(upload=upload, reading=reading, actor=member)

    assert (str(refusal.value), refusal.value.field) == (sentence, field)
    assert not Job.objects.exists()


def work(job: Job) -> Job:
    jobs.run(str(job.pk))
    return Job.objects.get(pk=job.pk)


def test_the_job_imports_analyses_and_forgets_the_file(
    member, content, own_data_dir, django_capture_on_commit_callbacks
):
    upload = received(member, content)
    job = results_uploads.start_import(upload=upload, reading=READING, actor=member)

    with django_capture_on_commit_callbacks(execute=True):
        done = work(job)

    assert (done.state, done.result_url) == (JobState.DONE, "/experiments/mails/results/")
    assert done.outcome == "400 customers in 2 variants read and analysed."
    experiment = Experiment.objects.get()
    assert (experiment.key, experiment.state, experiment.launch_owner) == ("mails", "ended", member)
    assert experiment.readouts.count() == 1
    assert (files(own_data_dir), ResultsUpload.objects.count()) == ([], 0)


def test_a_refused_file_stays_so_that_its_columns_can_be_chosen_anew(member, content, own_data_dir):
    upload = received(member, content)
    wrong = Reading("arm", "nobody", READING.metrics)

    job = work(results_uploads.start_import(upload=upload, reading=wrong, actor=member))

    assert job.state == JobState.REFUSED
    assert (
        job.outcome == "my results.csv, column “arm”: no row has the control “nobody”; the variants are “mail”, “none”."
    )
    assert job.back_url == f"/experiments/import/{upload.pk}/"
    assert files(own_data_dir) == [str(upload.pk)]
    assert not Experiment.objects.exists()
    again = results_uploads.start_import(upload=upload, reading=READING, actor=member)
    assert again.pk != job.pk
    assert work(again).state == JobState.DONE


def test_while_a_job_is_at_work_there_is_no_second_one(member, content):
    upload = received(member, content)

    first = results_uploads.start_import(upload=upload, reading=READING, actor=member)
    second = results_uploads.start_import(upload=upload, reading=READING, actor=member)

    assert second == first
    assert Job.objects.count() == 1


def test_a_job_that_is_run_again_after_its_end_changes_nothing(member, content):
    upload = received(member, content)
    job = results_uploads.start_import(upload=upload, reading=READING, actor=member)
    work(job)
    before = AuditEntry.objects.count()

    sentence, url = tasks.import_and_analyse(progress=Progress(), **job.arguments)

    assert sentence == "These results are here already; 400 customers in 2 variants analysed again."
    assert url == "/experiments/mails/results/"
    assert AuditEntry.objects.count() == before


def test_a_forgotten_file_is_refused_in_words(member, content):
    upload = received(member, content)
    job = results_uploads.start_import(upload=upload, reading=READING, actor=member)
    results_uploads.discard(upload)

    assert work(job).outcome == "The uploaded file is gone: it was not read within two days. Upload it again."


def test_a_planned_experiment_takes_the_file_of_its_own_variants_and_metrics(member, content):
    planned(key="mails", actor=MemberFactory())
    upload = received(member, content)
    metrics = [ResultsMetric("bought", "proportion", "bought"), ResultsMetric("spend", "mean", "spend")]

    job = work(
        results_uploads.start_import(upload=upload, reading=Reading("arm", "none", metrics, "bought"), actor=member)
    )

    assert job.outcome == "400 customers in 2 variants read and analysed."
    assert job.label == "Results of “A planned one”"
    assert Experiment.objects.get().state == "ended"


def test_files_that_nobody_came_back_for_are_forgotten(
    member, content, own_data_dir, django_capture_on_commit_callbacks
):
    old, running, fresh = (received(member, content, key) for key in ("a", "b", "c"))
    job = Job.objects.create(name="x", label="x", state=JobState.RUNNING)
    before = now() - timedelta(days=3)
    ResultsUpload.objects.filter(pk__in=[old.pk, running.pk]).update(uploaded_at=before)
    ResultsUpload.objects.filter(pk=running.pk).update(job=job)

    with django_capture_on_commit_callbacks(execute=True):
        results_uploads.forget_old()

    assert set(ResultsUpload.objects.all()) == {running, fresh}
    assert files(own_data_dir) == sorted([str(running.pk), str(fresh.pk)])


@override_settings(FILE_UPLOAD_MAX_MEMORY_SIZE=10)
def test_a_large_upload_goes_by_disk(client, member, content):
    client.force_login(member)

    answer = client.post("/experiments/import/", {"key": "mails", "file": ContentFile(content, name="r.csv")})

    upload = ResultsUpload.objects.get()
    assert answer["Location"] == f"/experiments/import/{upload.pk}/"
    assert upload.path.read_bytes() == content


def test_the_queued_name_leads_to_the_task():
    assert import_string("experiments.tasks.import_and_analyse") is tasks.import_and_analyse
