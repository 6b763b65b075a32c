"""Customers, events and exposures through the browser: the same imports as the commands, by a job."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from engagement.core import uploads
from engagement.core.errors import InvalidInput, NotFound
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers.models import Customer, TraitFeed
from engagement.customers.services import erasure, file_uploads
from engagement.warehouse.engines import connect
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


def sent(client, kind: str, text: str, name: str = "rows.csv") -> Job:
    answer = client.post("/customers/files/", {"kind": kind, "file": SimpleUploadedFile(name, text.encode())})
    assert answer.status_code == 302
    return Job.objects.get(pk=answer["Location"].strip("/").split("/")[-1])


@pytest.fixture
def client(client):
    client.force_login(MemberFactory())
    return client


def test_a_file_of_customers_and_one_of_events_are_read_once_by_their_jobs(client, settings):
    people = sent(client, "customers", "customer_id,plan\nann,gold\nben,free\n")
    events = sent(client, "events", "customer_id,event,occurred_at\nann,visit,2026-07-01\nann,visit,2026-07-01\n")

    told = [file_uploads.read(progress=Progress(), **job.arguments)[0] for job in (people, events)]

    assert told == [
        "rows.csv: 2 rows read, 2 of them new or changed.", "rows.csv: 2 rows read, 2 of them new or changed."
    ]  # fmt: skip
    assert Customer.objects.get(external_id="ann").traits == {"plan": "gold"}
    assert set(TraitFeed.objects.values_list("trait", flat=True)) == {"plan"}
    with connect() as warehouse:
        assert warehouse.number(warehouse.table("events").count()) == 2
    with pytest.raises(NotFound, match="Upload it again"):
        file_uploads.read(progress=Progress(), **people.arguments)


def test_a_refused_file_says_where_and_is_not_kept(client):
    job = sent(client, "events", "customer_id,event,occurred_at\nann,visit,yesterday\n")

    with pytest.raises(InvalidInput, match=r"rows\.csv, line 2, column “occurred_at”"):
        file_uploads.read(progress=Progress(), **job.arguments)

    with pytest.raises(NotFound):
        uploads.path(job.arguments["kept"])


def test_exposures_of_an_unknown_experiment_are_refused_with_their_line(client):
    job = sent(client, "exposures", "experiment,customer_id,variant,exposed_at\nnone,ann,a,2026-07-01\n")

    with pytest.raises(InvalidInput, match="line 2"):
        file_uploads.read(progress=Progress(), **job.arguments)


def test_erasing_a_customer_takes_the_waiting_files_that_name_them(client):
    job, other = sent(client, "customers", "customer_id\nann\n"), sent(client, "customers", "customer_id\nben\n")
    file_uploads.read(progress=Progress(), **sent(client, "customers", "customer_id\nann\n").arguments)

    erasure.erase(customer=Customer.objects.get(external_id="ann"), actor=None)

    with pytest.raises(NotFound):
        uploads.path(job.arguments["kept"])
    assert uploads.path(other.arguments["kept"]).exists()


def test_a_reader_brings_in_nothing(client):
    client.force_login(MemberFactory(role="reader"))
    file = SimpleUploadedFile("rows.csv", b"customer_id\nann\n")

    assert client.post("/customers/files/", {"kind": "customers", "file": file}).status_code == 403
    assert not Job.objects.exists()
