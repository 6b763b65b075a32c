"""The guide for analysts says what the code does: its example runs, its names exist, its statuses are all there."""

import doctest
import re
from pathlib import Path

from experiments import stats
from tests.proofs.ledger import HEAD, RULE

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")


def rows(head: str) -> list[list[str]]:
    """The cells of the table under this head line."""
    body = GUIDE[GUIDE.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in body]


def test_example_prints_what_it_says():
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    found = doctest.DocTestRunner().run(doctest.DocTestParser().get_doctest(example, {}, "guide", None, 0))
    assert (found.failed, found.attempted) == (0, 10)


def test_functions_for_each_question_exist():
    named = [name for row in rows("| question |") for name in re.findall(r"`(\w+)`", row[1])]
    assert len(named) > 50
    assert [name for name in named if not hasattr(stats, name)] == []


def test_statuses_are_all_told_with_what_they_leave():
    told = {row[0].strip("`"): [cell.startswith("yes") for cell in row[2:]] for row in rows("| status |")}
    assert told == {word.value: [word.has_estimate, word.has_interval] for word in stats.Status}


def test_proofs_are_one_table_sorted_by_section():
    assert GUIDE.count(f"{HEAD}\n{RULE}\n") == 1
    sections = [[int(part) for part in row[0].split(".")] for row in rows(HEAD)]
    assert sections == sorted(sections)
