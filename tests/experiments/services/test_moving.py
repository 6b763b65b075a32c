"""Moving a planned experiment to other days."""

from datetime import UTC, datetime, timedelta

import pytest

from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from experiments.models import Experiment
from experiments.services import checklist, plans, runs
from tests.experiments.builders import planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
FIRST, AFTER = datetime(2026, 7, 6, tzinfo=UTC), datetime(2026, 8, 3, tzinfo=UTC)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
SAID = {"starts": FIRST + WEEK, "ends": AFTER + WEEK, "reason": "The readers are asked by others", "at": NOW}


@pytest.fixture
def experiment():
    return planned(starts=FIRST, ends=AFTER)


def test_moved_it_has_its_new_days_and_the_trail_says_why(experiment):
    member = MemberFactory()

    plans.move(experiment=experiment, **SAID, actor=member)

    experiment.refresh_from_db()
    assert (experiment.starts, experiment.ends) == (FIRST + WEEK, AFTER + WEEK)
    entry = AuditEntry.objects.get(verb="moved")
    assert (entry.actor, entry.reason, entry.at) == (member, SAID["reason"], NOW)
    assert entry.before == {"starts": str(FIRST), "ends": str(AFTER)}
    assert entry.after == {"starts": str(FIRST + WEEK), "ends": str(AFTER + WEEK)}


def test_b5_2_an_approval_lapses_when_it_moves_and_who_moved_it_approves_nothing(experiment):
    second, mover = MemberFactory(name="Second"), MemberFactory()
    checklist.mark(experiment=experiment, item="approval", kind="approval", actor=second)

    plans.move(experiment=experiment, **SAID, actor=mover)

    found = {item.key: item for item in checklist.items(Experiment.objects.get(), at=NOW)}["approval"]
    assert (found.status, found.finding) == (
        checklist.Status.OPEN, "Approved by Second, and lapsed since: time changed.",
    )  # fmt: skip
    with pytest.raises(Forbidden):
        checklist.mark(experiment=experiment, item="approval", kind="approval", actor=mover)


@pytest.mark.parametrize(("ends", "sealed"), [(AFTER + WEEK, FIRST + 3 * WEEK), (FIRST + 2 * WEEK, FIRST + 2 * WEEK)])
def test_what_was_sealed_moves_along_at_most_to_the_end(experiment, ends, sealed):
    Experiment.objects.update(sealed_until=FIRST + 2 * WEEK)

    plans.move(experiment=experiment, **{**SAID, "ends": ends}, actor=MemberFactory())

    assert Experiment.objects.get().sealed_until == sealed


@pytest.mark.parametrize(
    ("values", "error", "field"),
    [
        ({"reason": "  "}, InvalidInput, "reason"),
        ({"ends": FIRST + WEEK}, InvalidInput, "ends"),
        ({"at": AFTER + 2 * WEEK}, InvalidInput, "ends"),
        ({"actor": "reader"}, Forbidden, None),
    ],
)
def test_a_refused_move_leaves_everything(experiment, values, error, field):
    reader = MemberFactory(reader=True)
    asked = {**SAID, "actor": MemberFactory(), **values}
    asked["actor"] = reader if asked["actor"] == "reader" else asked["actor"]

    with pytest.raises(error) as refusal:
        plans.move(experiment=experiment, **asked)

    assert refusal.value.field == field
    experiment.refresh_from_db()
    assert (experiment.starts, experiment.ends) == (FIRST, AFTER)
    assert not AuditEntry.objects.filter(verb="moved").exists()


def test_what_was_launched_stays_and_keeps_the_days_it_was_planned_for(experiment):
    launched = runs.start(experiment=experiment, actor=None, at=FIRST + timedelta(days=2))

    with pytest.raises(Conflict, match="The plan is frozen"):
        plans.move(experiment=experiment, **SAID, actor=MemberFactory())

    assert (launched.starts, launched.planned_starts, launched.planned_ends) == (
        FIRST + timedelta(days=2), FIRST, AFTER,
    )  # fmt: skip


def test_what_runs_elsewhere_gets_its_days_from_its_file(experiment):
    Experiment.objects.update(follows_dates=True)

    with pytest.raises(Conflict, match="come with its file"):
        plans.move(experiment=experiment, **SAID, actor=MemberFactory())
