"""The health tab: one line on top, counts against shares, where to look when a check fails, sources, log."""

import re

import pytest

from engagement.core.errors import Conflict
from engagement.core.jobs import Progress
from experiments.results_file import Columns
from experiments.services import analysis, decisions
from experiments.services.results_import import ResultsFile, import_results
from tests.experiments.builders import METRICS, imported, mismatched, planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def client(client):
    client.force_login(MemberFactory())
    return client


def test_before_anything_is_counted_the_page_says_when_it_will_be(client):
    planned(key="welcome")

    page = text_of(client.get("/experiments/welcome/health/"))

    assert "No exposures yet." in page
    assert "Health is told with the first readout" in page


def test_a_healthy_experiment_says_so_on_top(client, tmp_path):
    imported(tmp_path)

    page = text_of(client.get("/experiments/mails/health/"))

    assert "<b>Healthy" in page
    assert "never came" not in page


def test_b6_1_a_sample_ratio_mismatch_shows_both_counts_and_where_to_look(client, tmp_path):
    experiment = mismatched(tmp_path)

    page = text_of(client.get("/experiments/mismatched/health/"))

    assert "Not healthy: Sample ratio." in page
    assert re.search(r"<td class=\"num\">200</td> ?<td class=\"num\">360</td>", page)
    assert "Look here first:" in page
    with pytest.raises(Conflict, match="nothing can be shipped"):
        decisions.decide(
            experiment=experiment, kind="ship", variant=experiment.variants.get(position=1), reason="r", learning="l",
            actor=MemberFactory(),
        )  # fmt: skip


def test_b6_1_5300_to_4700_fails_at_one_in_a_thousand(client, tmp_path):
    lines = ["who,arm,bought,spend"]
    lines += [f"c{n},{'none' if n < 5300 else 'mail'},{n % 2},1" for n in range(10_000)]
    (tmp_path / "uneven.csv").write_text("\n".join(lines) + "\n")
    file = ResultsFile(tmp_path / "uneven.csv", "uneven.csv", Columns("arm", "none", METRICS))
    experiment, _is_new = import_results(key="uneven", file=file, actor=None, progress=Progress())
    document = analysis.analyse(experiment=experiment, progress=Progress()).document

    [check] = [item for item in document["health"] if item["check"] == "sample_ratio"]
    assert check["status"] == "fail"
    assert check["p_value"] == pytest.approx(1.97e-9, rel=0.01)
    assert {row["verdict"] for metric in document["metrics"] for row in metric["comparisons"]} == {"invalid"}
