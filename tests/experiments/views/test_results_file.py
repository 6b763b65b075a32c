"""The two steps from a file to a job."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from engagement.core import jobs
from engagement.core.models import Job
from experiments.models import Experiment, ResultsUpload
from tests.experiments.builders import imported, planned, results_csv
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def client(client, member):
    client.force_login(member)
    return client


@pytest.fixture
def upload(client, tmp_path) -> ResultsUpload:
    return uploaded(client, results_csv(tmp_path / "r.csv").read_bytes())


def uploaded(client, content: bytes, key: str = "mails") -> ResultsUpload:
    answer = client.post("/experiments/import/", {"key": key, "file": SimpleUploadedFile("r.csv", content)})
    upload = ResultsUpload.objects.get(key=key)
    assert answer["Location"] == f"/experiments/import/{upload.pk}/"
    return upload


CHOSEN = {
    "variant": "arm", "control": "none", "customer": "who", "metric-rows": "3",
    "metric-0-column": "spend", "metric-0-kind": "mean", "metric-0-name": "money",
    "metric-1-column": "bought", "metric-1-kind": "proportion", "metric-1-name": "",
    "metric-2-column": "", "metric-2-kind": "proportion", "metric-2-name": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "content", "status", "sentence"),
    [
        ("no spaces", b"arm\na\n", 422, "A key has 1 to 100 letters, digits, - or _."),
        ("mails", b"", 422, "r.csv: the file is empty."),
        ("mails", b"\xff", 422, "r.csv, line 1: byte 1 of the line is no UTF-8; save the file as UTF-8."),
        ("over", b"arm\na\n", 409, "“over” is ended and has its results. Choose another key."),
    ],
)
def test_a_refused_upload_says_why_and_keeps_the_key(client, tmp_path, key, content, status, sentence):
    imported(tmp_path, key="over")

    answer = client.post("/experiments/import/", {"key": key, "file": SimpleUploadedFile("r.csv", content)})

    assert answer.status_code == status
    assert answer.content.decode().count(sentence) == 1
    assert answer.context["form"]["key"].value() == key
    assert not ResultsUpload.objects.exists()


def test_the_columns_page_proposes_the_variant_column_and_the_control(client, upload):
    answer = client.get(f"/experiments/import/{upload.pk}/")

    form = answer.context["form"]
    assert (form["variant"].value(), form["control"].value()) == ("arm", "none")
    assert answer.context["rows"][0][:2] == ["c0", "none"]
    assert answer.context["words"] == ["none", "mail"]


def test_chosen_columns_become_a_job_whose_end_is_the_result(client, upload):
    answer = client.post(f"/experiments/import/{upload.pk}/", CHOSEN)

    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert "Results of “mails”" in client.get(answer["Location"]).content.decode()
    jobs.run(str(job.pk))
    page = client.get(answer["Location"]).content.decode()
    assert "400 customers in 2 variants read and analysed." in page
    assert "/experiments/mails/results/" in page
    metrics = [(metric.key, metric.kind, metric.role) for metric in Experiment.objects.get().metrics.all()]
    assert metrics == [("money", "mean", "primary"), ("bought", "proportion", "secondary")]


def test_a_refused_job_shows_its_sentence_and_the_way_back(client, upload):
    answer = client.post(f"/experiments/import/{upload.pk}/", {**CHOSEN, "metric-1-column": "spend"})
    jobs.run(str(Job.objects.get().pk))

    page = client.get(answer["Location"]).content.decode()

    assert "r.csv, line " in page
    assert "column “spend”: “" in page
    assert "is neither 0, 1, true nor false." in page
    assert f'href="/experiments/import/{upload.pk}/"' in page
    assert not Experiment.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"variant": ""}, "This field is required."),
        ({"control": ""}, "This field is required."),
        ({"variant": "forged"}, "Select a valid choice. forged is not one of the available choices."),
        ({"metric-0-column": ""}, "This field is required."),
        ({"metric-1-name": "money"}, "Two metrics have the same name."),
    ],
)
def test_refused_columns_say_why_and_start_no_job(client, upload, changes, sentence):
    answer = client.post(f"/experiments/import/{upload.pk}/", {**CHOSEN, **changes})

    assert answer.status_code == 422
    assert answer.content.decode().count(sentence) == 1
    assert not Job.objects.exists()


def test_another_metric_keeps_what_was_chosen(client, upload):
    answer = client.post(f"/experiments/import/{upload.pk}/", {**CHOSEN, "add_metric": "1"})

    draft = answer.context["draft"]
    assert [form["column"].value() for form in draft.metrics.forms] == ["spend", "bought", "", None]
    assert not Job.objects.exists()


def test_a_planned_experiment_asks_for_a_column_per_metric_chosen_where_names_agree(client, tmp_path):
    planned(key="mails", actor=MemberFactory())
    upload = uploaded(client, results_csv(tmp_path / "r.csv").read_bytes())

    form = client.get(f"/experiments/import/{upload.pk}/").context["form"]
    chosen = {name: form[name].value() or "" for name in form.fields}
    client.post(f"/experiments/import/{upload.pk}/", chosen)
    jobs.run(str(Job.objects.get().pk))

    assert list(chosen.values()) == ["arm", "bought", "spend", ""]
    experiment = Experiment.objects.get()
    assert (experiment.state, experiment.launch_owner.name, experiment.readouts.count()) == ("ended", "Ada", 1)


def test_an_upload_is_nobody_elses(client, upload):
    client.force_login(MemberFactory(administrator=True))

    for answer in (
        client.get(f"/experiments/import/{upload.pk}/"), client.post(f"/experiments/import/{upload.pk}/", CHOSEN),
    ):  # fmt: skip
        assert answer.status_code == 404
        assert "This upload is gone" in answer.content.decode()
    assert not Job.objects.exists()


def test_a_reader_is_refused_at_both_steps(client, upload, member):
    member.role = "reader"
    member.save()

    assert client.get("/experiments/import/").status_code == 403
    assert client.get(f"/experiments/import/{upload.pk}/").status_code == 403
    assert client.post(f"/experiments/import/{upload.pk}/", CHOSEN).status_code == 403
    assert not Job.objects.exists()
