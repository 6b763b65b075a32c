"""Ideas as a CSV file: out for people and their spreadsheets, in from wherever a backlog was kept before."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backlog import queries
from backlog.models import Goal, Idea
from backlog.services import ideas
from engagement.accounts.models import Member, Pod
from engagement.core.csv_answers import FORMULA_STARTS
from engagement.core.errors import InvalidInput
from engagement.core.row_files import RowFile

NEEDED = ("title", "problem", "change")
GOALS = ("serves", "may_hurt_goal")
OPTIONAL = ("pod", "lever", "channel", "lifecycle_stage", "customer_state", "expected_audience", "may_hurt", *GOALS)
TOLD = ("id", "state", "ice", "author", "added")
EXPORTED = (*TOLD[:1], *NEEDED, *OPTIONAL, *TOLD[1:])
MOST_ROWS = 500


def exported(found: Iterable[Idea]) -> Iterable[Sequence[Any]]:
    """A row per idea, in the columns of `EXPORTED`; choices by their keys, so that the file can come back."""
    for idea in found:
        yield (
            idea.pk,
            idea.title,
            idea.problem,
            idea.change,
            idea.pod.slug if idea.pod else "",
            idea.lever,
            idea.channel,
            idea.lifecycle_stage,
            idea.customer_state,
            idea.expected_audience or "",
            idea.may_hurt,
            idea.serves.reference if idea.serves else "",
            idea.may_hurt_goal.reference if idea.may_hurt_goal else "",
            idea.state,
            "" if idea.ice is None else idea.ice,
            idea.author.name,
            idea.created_at.isoformat(),
        )


@transaction.atomic
def import_file(*, path: Path, name: str, actor: Member) -> tuple[int, int]:
    """Adds the file's ideas, all or none: how many were added, and how many were there already by their title.

    Columns that are not known here are passed over.
    Refused with `FileRefused`, which names line and column: what an idea does not take, and more than `MOST_ROWS` rows.
    """
    file = RowFile(path, name)
    header, rows = file.read_csv()
    places = {column: file.place(header, column) for column in NEEDED}
    places |= {column: file.place(header, column) for column in OPTIONAL if column in header}
    known = {title.casefold() for title in Idea.objects.values_list("title", flat=True)}
    pods = {pod.slug: pod for pod in Pod.objects.all()}
    goals = {goal.reference: goal for goal in queries.goals()}
    added = passed = 0
    for line, cells in rows:
        if added + passed == MOST_ROWS:
            file.refuse(_("a file may hold %(most)s ideas; split it.") % {"most": MOST_ROWS}, line=line)
        values = {column: _plain(cells[place]) for column, place in places.items()}
        if values["title"].casefold() in known:
            passed += 1
            continue
        _add(file, line, values, pods=pods, goals=goals, actor=actor)
        known.add(values["title"].casefold())
        added += 1
    return added, passed


def _add(
    file: RowFile, line: int, values: dict[str, Any], *, pods: dict[str, Pod], goals: dict[str, Goal], actor: Member
) -> None:
    slug, audience = values.pop("pod", ""), values.pop("expected_audience", "")
    if slug and slug not in pods:
        file.refuse(_("there is no pod “%(slug)s”.") % {"slug": slug}, line=line, column="pod")
    if audience and not (audience.isdecimal() and len(audience) < 10):
        file.refuse(
            _("“%(text)s” is no number of customers.") % {"text": audience}, line=line, column="expected_audience"
        )
    for column in GOALS:
        reference = values.pop(column, "")
        if reference and reference not in goals:
            file.refuse(_("there is no goal “%(goal)s”.") % {"goal": reference}, line=line, column=column)
        values[column] = goals.get(reference)
    try:
        ideas.add(
            **values,
            pod=pods.get(slug),
            expected_audience=int(audience) if audience else None,
            why_apart=_("from the file %(name)s") % {"name": file.name},
            actor=actor,
        )
    except InvalidInput as error:
        file.refuse(str(error), line=line, column=error.field)


def _plain(cell: str) -> str:
    """The text as it was before it was made safe for a spreadsheet."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text
