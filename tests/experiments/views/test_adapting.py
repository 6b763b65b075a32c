"""A bandit's page: what it did, what each variant comes to, every reallocation replayed; sealed, none of it."""

import csv
import io
import re
from datetime import timedelta

import pytest
import time_machine

from engagement.core.jobs import Progress
from engagement.customers.services import feeds
from experiments.models import BatchShares, Experiment
from experiments.services.analysis import analyse
from tests.experiments.services.test_reallocating import A_DAY, DAY, RATES, START, launched, live, reallocated
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


def words(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def ran(client):
    """Three batches, read on the eighth day by whoever is signed in."""
    launched()
    for day in (0, 2, 4):
        live(day)
        reallocated(day + 2)
    with time_machine.travel(START + 7 * DAY, tick=False):
        feeds.complete(events=["session"], through=START + 7 * DAY)
        analyse(experiment=Experiment.objects.get(), progress=Progress())
    client.force_login(MemberFactory())
    return Experiment.objects.get()


def test_the_page_tells_shares_chances_estimates_and_reallocations(client, ran):
    page = words(client.get("/experiments/subject/results/"))

    last = BatchShares.objects.get(number=2)
    assert f"Short gets {100 * last.shares[1]:.0f}% of new customers and is best with a probability of" in page
    assert "The data single out Short as the best." in page
    assert "No variant falls below 5%" in page
    assert "No variant can be told from Today yet" in page  # the range that holds at every look still reaches zero
    assert "33 / 33 / 33" in page
    assert page.count("Replay<span") == 3


def test_a_variant_can_be_told_from_control_once_the_rule_says_so(client, ran):
    with time_machine.travel(START + 22 * DAY, tick=False):
        feeds.complete(events=["session"], through=START + 22 * DAY)
        document = analyse(experiment=Experiment.objects.get(), progress=Progress()).document

    assert document["metrics"][0]["comparisons"][0]["verdict"] == "better"
    assert "Short can be told from Today" in words(client.get("/experiments/subject/results/"))


def test_the_tables_can_be_had_as_csv(client, ran):
    def read(name):
        return list(csv.DictReader(io.StringIO(client.get(f"/experiments/subject/tables/{name}.csv").content.decode())))

    batches, variants = read("batches"), read("variants")

    assert [(row["batch"], row["customers"], row["variant"]) for row in batches] == [
        (str(batch), str(A_DAY), name.title()) for batch in range(3) for name in RATES
    ]
    part = ran.readouts.first().document["bandit"]["estimates"][0]["aipw"]["variants"]
    expected = [[100 * row[name] for name in ("estimate", "low", "high")] for row in part]
    assert [[float(row[name]) for name in ("estimate", "low", "high")] for row in variants] == [
        pytest.approx(row) for row in expected
    ]
    assert [row["variant"] for row in variants] == ["Today", "Short", "Long"]


def test_b6_5_a_reallocation_is_replayed_on_its_page(client, ran):
    page = words(client.get("/experiments/subject/reallocations/2/"))
    assert "Replayed to the same numbers" in page
    assert page.count("<tr>") == 4

    altered = BatchShares.objects.get(number=2)
    altered.shares = [0.2, 0.6, 0.2]
    altered.save()

    assert "The replay gives other numbers" in words(client.get("/experiments/subject/reallocations/2/"))
    assert client.get("/experiments/subject/reallocations/9/").status_code == 404


def test_sealed_results_are_not_told_by_the_shares(client, ran):
    Experiment.objects.update(sealed_until=START + 30 * DAY)
    with time_machine.travel(START + 7 * DAY + timedelta(hours=1), tick=False):
        document = analyse(experiment=Experiment.objects.get(), progress=Progress()).document
        client.force_login(MemberFactory())
        pages = [client.get(f"/experiments/subject/{part}/") for part in ("results", "health", "history", "variants")]
        one = client.get("/experiments/subject/reallocations/2/")
        table = client.get("/experiments/subject/tables/batches.csv")

    share = f"{100 * BatchShares.objects.get(number=2).shares[1]:.0f}"
    assert document["bandit"] is None
    assert (one.status_code, [page.status_code for page in pages]) == (409, [200] * 4)
    assert not any("Reallocations" in words(page) or f"{share}%" in words(page) for page in pages)
    assert table.content.decode().splitlines() == ["batch,from,customers,variant,share"]
