"""The report's pages: draft, revisions, the writing desk, links for readers without an account, tables and paper."""

import csv
import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from backlog.models import Goal
from engagement.core.clock import now
from experiments.models import AskAnswer, Experiment, ReportLink, ReportRevision
from experiments.reports.quarterly.document import quarter_report
from experiments.reports.quarterly.page import quarter_page
from experiments.reports.quarterly.paper import _sections, pdf
from experiments.reports.quarterly.period import quarter_of
from experiments.services import decisions
from experiments.services.reporting import releasing, sharing, writing
from tests.backlog.factories import GoalFactory
from tests.experiments.builders import imported, mismatched
from tests.experiments.outcomes import decide, scored
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
LEARNINGS = ("A word of thanks keeps readers.", "More letters drive them away.", "One honest figure moves people.")


@pytest.fixture
def quarter(tmp_path):
    for key, kind in (("mails", "ship"), ("letters", "keep_control")):
        experiment = imported(tmp_path, key=key)
        variant = experiment.variants.get(position=1) if kind == "ship" else None
        decisions.decide(
            experiment=experiment, kind=kind, variant=variant, reason="Because.", learning="L.", actor=MemberFactory()
        )
    return quarter_of(now())


@pytest.fixture
def writer():
    return MemberFactory(name="Ada")


def release(quarter, writer, *, seen=0, **words) -> ReportRevision:
    learnings = [{"text": text, "experiment": "mails"} for text in LEARNINGS]
    values = {"title": "Readers stay when somebody notices them", "correction": "", **words}
    writing.write(quarter=quarter, learnings=learnings, actor=writer, seen_version=seen, **values)
    return releasing.release(quarter=quarter, actor=MemberFactory(name="Ben"))


@pytest.fixture
def released(quarter, writer) -> ReportRevision:
    writing.ask(quarter=quarter, text="Keep the holdout", kind="decision", owner=writer, due=now().date(), actor=writer)
    return release(quarter, writer)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_draft_says_that_it_is_one_and_who_releases_it(client, quarter, writer):
    client.force_login(writer)
    assert "somebody else releases it" in text_of(client.get(f"/reports/{quarter}/"))

    writing.write(quarter=quarter, title="T", learnings=[], correction="", actor=writer)

    assert "Ada wrote it; somebody else reads and releases it." in text_of(client.get(f"/reports/{quarter}/"))


def test_c1_1_the_page_needs_no_script_and_little_weight(client, released):
    client.force_login(MemberFactory())

    page = client.get(f"/reports/{released.quarter}/").content.decode()

    assert "<script" not in page
    assert len(page.encode()) < 60_000


def test_c2_the_first_screen_has_title_learnings_one_number_and_the_count_of_asks(client, released):
    client.force_login(MemberFactory())

    head = text_of(client.get(f"/reports/{released.quarter}/")).split('<section class="section"')[0]

    assert "Readers stay when somebody notices them" in head
    assert [head.count(learning) for learning in LEARNINGS] == [1, 1, 1]
    assert re.search(
        r"moved bought by \+[\d.]+%, between \+[\d.]+% and \+[\d.]+% \(sum of experiments, shrunk; may", head
    )
    assert "1 answer is asked of you" in head


def test_c2_2_without_a_holdout_no_total_stands_in_the_title(client, released):
    client.force_login(MemberFactory())

    page = text_of(client.get(f"/reports/{released.quarter}/"))

    assert "sum of experiments, shrunk; may double count" in page
    assert not re.search(r"<h1>[^<]*\d", page)


def unranged(text: str) -> list[str]:
    """The signed figures in a text that neither have a range behind them nor are its ends."""
    figure = r"[+\-−]\d[\d.,]*"
    unit = r"(?:%| pp| [A-Z]{3})"
    between = rf"(?: \| |, between | \()(?:{figure})(?:{unit})? (?:to|and) (?:{figure})(?:{unit})?"
    return re.findall(rf"{figure}{unit}", re.sub(rf"{figure}{unit}{between}", "", text))


def bare(page: str) -> str:
    """What is to be read on a page, its parts with bars between."""
    text = re.sub(r"<(svg|style|head)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"[\s|]*\|[\s|]*", " | ", re.sub(r"<[^>]+>", "|", text)))


def test_c2_1_no_estimate_is_displayed_without_its_range_here_and_in_print(client, released):
    client.force_login(MemberFactory())

    page = bare(client.get(f"/reports/{released.quarter}/").content.decode())
    print_ = bare("|".join(leaves(_sections(quarter_page(released.document)))))

    assert len(re.findall(r"[+\-−]\d[\d.,]*(?:%| pp| EUR)", page)) > 15
    assert len(re.findall(r"[+\-−]\d[\d.,]*(?:%| pp| EUR)", print_)) > 8
    assert (unranged(page), unranged(print_)) == ([], [])
    assert unranged("moved by +4% this quarter") == ["+4%"]


def leaves(parts) -> list[str]:
    if isinstance(parts, dict):
        parts = list(parts.values())
    if isinstance(parts, list | tuple):
        return [text for part in parts for text in leaves(part)]
    return [str(parts)]


def test_c3_1_counts_on_top_equal_the_rows_and_an_addition_to_the_address_changes_nothing(client, released):
    client.force_login(MemberFactory())
    address = f"/reports/{released.quarter}/"

    page = client.get(address).content.decode()
    counts = re.search(r"2 experiments were decided: (\d) better", text_of(client.get(address)))

    assert counts is not None
    rows = re.findall(r'<tr id="decision-.*?</tr>', page, flags=re.DOTALL)
    assert (len(rows), sum("Better" in row for row in rows)) == (2, int(counts[1]))
    assert bare(client.get(f"{address}?verdict=better").content.decode()) == bare(page)


def test_c3_an_invalid_experiment_stays_in_the_list_with_its_reason(client, tmp_path, quarter):
    decisions.decide(
        experiment=mismatched(tmp_path), kind="stop", reason="Broken.", learning="Count first.", actor=MemberFactory()
    )
    client.force_login(MemberFactory())

    page = text_of(client.get(f"/reports/{quarter}/"))

    assert "none: sample ratio failed" in page
    assert "3 experiments were decided" in page
    assert page.count('id="decision-') == 3


def test_c4_1_with_few_outcomes_nothing_is_drawn_or_graded(client, quarter, released):
    document = released.document
    document["judging"] |= {"outcomes": 5, "grade": None}
    ReportRevision.objects.filter(pk=released.pk).update(document=document)
    client.force_login(MemberFactory())

    page = text_of(client.get(f"/reports/{quarter}/"))

    assert "5 outcomes so far; from 20 on this page says how well we judge." in page
    assert "stated chance" not in page


def test_c7_2_an_old_revision_keeps_its_address_and_says_that_it_is_old(client, quarter, writer, released):
    release(quarter, writer, seen=2, title="Another title", correction="A better title.")
    client.force_login(MemberFactory())

    old, new = (text_of(client.get(f"/reports/{quarter}/{number}/")) for number in (1, 2))

    assert "Readers stay when somebody notices them" in old
    assert "Revision 2 of" in old
    assert "An earlier revision" not in new
    assert "Revision 2 corrects: A better title." in new
    assert "The title was “Readers stay when somebody notices them”." in new
    assert "revision 2 ·" in text_of(client.get(f"/reports/{quarter}/"))
    assert client.get(f"/reports/{quarter}/3/").status_code == 404


def test_c7_3_each_figure_has_a_table_and_its_csv(client, released):
    client.force_login(MemberFactory())
    base = f"/reports/{released.quarter}/{released.number}/"

    page = text_of(client.get(base))
    rows = list(csv.DictReader(io.StringIO(client.get(f"{base}effects.csv").content.decode())))

    assert page.count("Show as table") == page.count("effects.csv") == 1
    assert f'href="{base}effects.csv"' in page
    assert {row["reading"] for row in rows} == {"naive", "bias_corrected", "shrunk"}
    assert [row["reading"] for row in rows if row["leads"] == "True"] == ["shrunk"]
    assert client.get(f"{base}nothing.csv").status_code == 404


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_c7_on_paper_it_takes_at_most_four_pages_with_its_address(client, released, tmp_path, paper):
    client.force_login(MemberFactory())
    base = f"/reports/{released.quarter}/{released.number}/"

    answer = client.get(f"{base}report.pdf?paper={paper}")
    path = tmp_path / "report.pdf"
    path.write_bytes(answer.content)

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", answer.content)) <= 4
    assert client.get(f"{base}report.pdf?paper=a9").status_code == 404


def test_c7_sixty_decisions_keep_to_four_pages_with_long_tables_beside_them(tmp_path, writer):
    """Each with an amount, twenty stopped early, four goals in either quarter, five asks, and a calibration to draw."""
    document, quarter = imported(tmp_path, rows=400).readouts.get().document, quarter_of(now())
    for one in (quarter, quarter.next):
        for number in range(4):
            GoalFactory(quarter=str(one), metric_key="bought", name=f"Readers who read us in the second week, {number}")
    goals = list(Goal.objects.filter(quarter=str(quarter)))
    for number in range(60):
        title = f"Experiments have titles as long as people write them, number {number}"
        idea = scored(writer, title, now(), confidence=1 + number % 10).round_idea.idea
        idea.serves = goals[number % 4]
        idea.save()
        decide(idea, document, now(), early_stop_reason="Complaints rose on the second day." if number < 20 else "")
    for number in range(5):
        text = f"Two days a week of an engineer for the reading list, {number}"
        writing.ask(quarter=quarter, text=text, kind="money", owner=writer, due=now().date(), actor=writer)
    report = quarter_report(quarter)
    amount = {"metric": "revenue", "unit": "EUR", "customers": 12_000, "value": 5e3, "low": 1e3, "high": 9e3}
    report["money"] = [{"experiment": row["experiment"], **amount} for row in report["decisions"]]

    sheets = {
        paper: len(re.findall(rb"/Type\s*/Page\b", pdf(report, address="https://larkmoor.example/", paper=paper)))
        for paper in ("a4", "letter")
    }

    assert len(report["decisions"]) == len(report["money"]) == 60
    assert max(sheets.values()) <= 4


def test_the_writing_desk_keeps_what_was_typed_beside_what_somebody_else_wrote(client, quarter, writer):
    client.force_login(writer)
    writing.write(quarter=quarter, title="Theirs", learnings=[], correction="", actor=MemberFactory(name="Cleo"))

    answer = client.post(f"/reports/{quarter}/edit/", {"title": "Mine", "version": 0, "learning_1": "What I typed."})

    assert answer.status_code == 409
    page = text_of(answer)
    assert "What I typed." in page
    assert "Theirs" in page
    assert "What Cleo has written meanwhile" in page


def test_writing_and_releasing_through_the_pages(client, quarter, writer):
    client.force_login(writer)
    client.post(
        f"/reports/{quarter}/edit/", {"title": "T", "version": 0, "learning_1": "One.", "experiment_1": "mails"}
    )
    assert "somebody else releases it" in text_of(client.get(f"/reports/{quarter}/edit/"))
    assert client.post(f"/reports/{quarter}/release/", {"version": 1}).status_code == 403

    client.force_login(MemberFactory(name="Ben"))
    client.post(f"/reports/{quarter}/release/", {"version": 1})

    revision = ReportRevision.objects.get()
    assert (revision.document["title"], revision.written_by.name, revision.released_by.name) == ("T", "Ada", "Ben")


def test_a_reader_writes_nothing(client, quarter, released):
    client.force_login(MemberFactory(role="reader"))

    for path, data in (
        ("edit", {"title": "T", "version": 2}), ("release", {}), ("links", {"reader": "R", "days": 3}),
    ):  # fmt: skip
        assert client.post(f"/reports/{quarter}/{path}/", data).status_code == 403
    assert ReportRevision.objects.count() == 1
    assert not ReportLink.objects.exists()


def test_a_shared_link_opens_the_report_and_nothing_else(released, writer):
    _link, token = sharing.make_link(
        quarter=quarter_of(now()), reader="Board", expires_at=now() + timedelta(days=1), actor=writer
    )
    stranger = Client()

    page = stranger.get(f"/shared/reports/{token}/")
    stranger.post(
        f"/shared/reports/{token}/asks/{released.document['asks'][0]['id']}/", {"reply": "no", "name": "Dora"}
    )

    assert "Readers stay when somebody notices them" in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    assert "/experiments/" not in page.content.decode()
    assert [(answer.name, answer.reply) for answer in AskAnswer.objects.all()] == [("Dora", "no")]
    assert stranger.get(f"/reports/{released.quarter}/")["Location"].startswith("/accounts/login/")
    assert "Dora: No" in text_of(stranger.get(f"/shared/reports/{token}/"))


def test_an_expired_or_guessed_link_says_whom_to_ask(released, writer):
    _link, token = sharing.make_link(
        quarter=quarter_of(now()), reader="Board", expires_at=now() + timedelta(days=1), actor=writer
    )
    stranger = Client()

    with time_machine.travel(now() + timedelta(days=2)):
        expired = stranger.get(f"/shared/reports/{token}/")

    assert (expired.status_code, "Ask Ada for a new one" in expired.content.decode()) == (404, True)
    assert "Readers stay" not in expired.content.decode()
    assert stranger.get("/shared/reports/guessed/").status_code == 404


def test_a_released_report_takes_the_same_queries_for_one_decision_and_for_more(
    client, tmp_path, quarter, writer, released, django_assert_max_num_queries
):
    client.force_login(MemberFactory())

    with django_assert_max_num_queries(9):
        client.get(f"/reports/{quarter}/")


def test_the_list_says_what_is_released(client, released):
    client.force_login(MemberFactory())

    page = text_of(client.get("/reports/"))
    client.post("/reports/subscription/", {"wanted": "yes"})

    assert "released, revision 1" in page
    assert "You get a short mail" in text_of(client.get("/reports/"))


def test_the_command_writes_the_released_report_in_every_format(released, tmp_path):
    Experiment.objects.update(name="Renamed since")
    for form, start in (("json", b"{"), ("html", b"\n"), ("pdf", b"%PDF")):
        path = tmp_path / f"report.{form}"
        call_command("report", released.quarter, "--format", form, "-o", str(path))
        assert path.read_bytes().startswith(start), form
    assert "Renamed since" not in (tmp_path / "report.json").read_text()
