"""Ideas out to CSV and in again."""

import csv
import io

import pytest

from backlog.models import Idea
from backlog.queries import ideas_visible_to
from backlog.services import idea_files
from engagement.core.row_files import FileRefused
from tests.backlog.factories import GoalFactory, IdeaFactory
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
HEADER = "title,problem,change,pod,lever,expected_audience\n"


def imported(tmp_path, text: str, actor=None) -> tuple[int, int]:
    path = tmp_path / "old.csv"
    path.write_text(text, encoding="utf-8")
    return idea_files.import_file(path=path, name="old.csv", actor=actor or MemberFactory())


def test_rows_become_ideas_and_the_same_file_again_adds_nothing(tmp_path):
    pod, actor = PodFactory(slug="loyalty"), MemberFactory()
    text = HEADER + "A quiet week,Three asks,No ask,loyalty,timing,32000\n'=Sum of asks,Many,Fewer,,,\n"

    first, again = imported(tmp_path, text, actor), imported(tmp_path, text, actor)

    assert (first, again) == ((2, 0), (0, 2))
    columns = ("title", "problem", "change", "pod", "lever", "expected_audience", "author")
    assert list(Idea.objects.order_by("pk").values_list(*columns)) == [
        ("A quiet week", "Three asks", "No ask", pod.pk, "timing", 32000, actor.pk),
        ("=Sum of asks", "Many", "Fewer", None, "", None, actor.pk),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A,B,C,nobody,,", "old.csv, line 3, column “pod”: there is no pod “nobody”."),
        ("A,B,C,,gospel,", "old.csv, line 3, column “lever”: Value 'gospel' is not a valid choice."),
        ("A,B,C,,,many", "old.csv, line 3, column “expected_audience”: “many” is no number of customers."),
        (",B,C,,,", "old.csv, line 3, column “title”: This field cannot be blank."),
        ("A,B,C", "old.csv, line 3: 3 cells where the header names 6."),
    ],
)
def test_one_bad_row_refuses_the_file_with_its_place(tmp_path, row, said):
    with pytest.raises(FileRefused) as refusal:
        imported(tmp_path, f"{HEADER}Good,B,C,,,\n{row}\n")

    assert str(refusal.value) == said
    assert not Idea.objects.exists()


def test_a_file_without_a_needed_column_and_a_long_one_are_refused(tmp_path):
    with pytest.raises(FileRefused, match="there is no column “change”"):
        imported(tmp_path, "title,problem\nA,B\n")
    with pytest.raises(FileRefused, match="line 502: a file may hold 500 ideas"):
        imported(tmp_path, "title,problem,change\n" + "".join(f"Idea {n},B,C\n" for n in range(501)))
    assert not Idea.objects.exists()


def test_an_export_filters_as_the_list_does_and_comes_back_as_it_was(client_of, tmp_path):
    IdeaFactory(title="=HYPERLINK(1)", problem="@here", lever="timing", pod=PodFactory(slug="loyalty"))
    IdeaFactory(title="Not asked for", lever="content")
    member = MemberFactory()

    text = client_of(member).get("/ideas.csv?lever=timing").content.decode()

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["title"], row["problem"], row["pod"], row["ice"]) for row in rows] == [
        ("'=HYPERLINK(1)", "'@here", "loyalty", "")
    ]
    Idea.objects.all().delete()
    assert imported(tmp_path, text) == (1, 0)
    assert list(Idea.objects.values_list("title", "problem", "lever")) == [("=HYPERLINK(1)", "@here", "timing")]


def test_goals_travel_with_the_ideas_by_what_names_them(tmp_path):
    goal, hurt = (GoalFactory(pod=PodFactory(slug=slug), metric_key="kept", quarter="2026-Q3") for slug in ("a", "b"))
    IdeaFactory(title="Out", serves=goal, may_hurt_goal=hurt)
    rows = list(idea_files.exported(ideas_visible_to(MemberFactory())))
    told = dict(zip(idea_files.EXPORTED, rows[0], strict=True))

    imported(tmp_path, f"title,problem,change,serves,may_hurt_goal\nIn,B,C,{told['serves']},{told['may_hurt_goal']}\n")

    assert (told["serves"], told["may_hurt_goal"]) == ("2026-Q3/a/kept", "2026-Q3/b/kept")
    kept = Idea.objects.get(title="In")
    assert (kept.serves, kept.may_hurt_goal) == (goal, hurt)
    with pytest.raises(FileRefused, match="there is no goal “2026-Q3/c/kept”"):
        imported(tmp_path, "title,problem,change,serves\nOther,B,C,2026-Q3/c/kept\n")
