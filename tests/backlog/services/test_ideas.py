"""Adding, changing and moving ideas."""

import pytest

from backlog.choices import IdeaState
from backlog.models import Idea
from backlog.services import ideas
from engagement.accounts.choices import Role
from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from tests.backlog.factories import IdeaFactory, MemberFactory, PodFactory, RoundIdeaFactory

pytestmark = pytest.mark.django_db
SAID = {"title": "A quiet week", "problem": "Three asks in a week.", "change": "None in the first seven days."}


def trail() -> list[tuple[str, str, dict, dict]]:
    entries = AuditEntry.objects.order_by("pk")
    return [(entry.verb, entry.target_label, entry.before, entry.after) for entry in entries]


def test_add_given_title_problem_and_change_is_in_the_backlog_with_the_authors_pod():
    author = MemberFactory()
    pod = PodFactory(members=[author])

    idea = ideas.add(**SAID, actor=author)

    idea.refresh_from_db()
    assert (idea.title, idea.problem, idea.change) == tuple(SAID.values())
    assert (idea.state, idea.pod, idea.author) == (IdeaState.BACKLOG, pod, author)
    assert trail() == [("added", "A quiet week", {}, {"state": "backlog"})]


def test_add_by_a_member_without_a_pod_has_no_pod():
    assert ideas.add(**SAID, actor=MemberFactory()).pod is None


@pytest.mark.parametrize("field", ["title", "problem", "change"])
def test_add_without_one_of_the_three_is_refused_at_its_field(field):
    with pytest.raises(InvalidInput) as refusal:
        ideas.add(**{**SAID, field: "  "}, actor=MemberFactory())

    assert refusal.value.field == field
    assert not Idea.objects.exists()
    assert not AuditEntry.objects.exists()


def test_add_with_a_text_of_100_kb_is_refused():
    with pytest.raises(InvalidInput) as refusal:
        ideas.add(**{**SAID, "problem": "x" * 100_000}, actor=MemberFactory())

    assert refusal.value.field == "problem"


def test_add_by_a_reader_is_refused():
    with pytest.raises(Forbidden):
        ideas.add(**SAID, actor=MemberFactory(role=Role.READER))


def test_change_keeps_what_differs_in_the_trail():
    author = MemberFactory()
    idea = IdeaFactory(author=author, title="Old title")
    before = idea.updated_at

    ideas.change(idea=idea, actor=author, title="New title", problem=idea.problem)

    idea.refresh_from_db()
    assert idea.title == "New title"
    assert idea.updated_at > before
    assert trail() == [("changed", "New title", {"title": "Old title"}, {"title": "New title"})]


def test_change_while_it_is_scored_is_refused():
    author = MemberFactory()
    idea = IdeaFactory(author=author, state=IdeaState.IN_ROUND, title="As scored")

    with pytest.raises(Conflict, match="being scored"):
        ideas.change(idea=idea, actor=author, title="Something else")

    assert Idea.objects.get(pk=idea.pk).title == "As scored"


def test_change_by_a_pod_member_and_by_an_administrator_but_by_nobody_else():
    colleague, stranger, administrator = MemberFactory(), MemberFactory(), MemberFactory(role=Role.ADMINISTRATOR)
    idea = IdeaFactory(pod=PodFactory(members=[colleague]))

    ideas.change(idea=idea, actor=colleague, title="One")
    ideas.change(idea=idea, actor=administrator, title="Two")
    with pytest.raises(Forbidden):
        ideas.change(idea=idea, actor=stranger, title="Three")

    assert Idea.objects.get(pk=idea.pk).title == "Two"


def test_decline_needs_a_reason_and_keeps_it():
    author = MemberFactory()
    idea = IdeaFactory(author=author)

    with pytest.raises(InvalidInput, match="Say why"):
        ideas.decline(idea=idea, reason=" ", actor=author)
    ideas.decline(idea=idea, reason="The law forbids it.", actor=author)

    assert Idea.objects.get(pk=idea.pk).state == IdeaState.DECLINED
    assert AuditEntry.objects.get().reason == "The law forbids it."


def test_take_up_again_returns_an_idea_to_where_it_was():
    author = MemberFactory()
    fresh = IdeaFactory(author=author, state=IdeaState.DECLINED)
    scored = IdeaFactory(author=author, state=IdeaState.DECLINED)
    RoundIdeaFactory(idea=scored, ice=5, impact_median=5, confidence_median=5, ease_median=5, counted_ballots=1)

    ideas.take_up_again(idea=fresh, actor=author)
    ideas.take_up_again(idea=scored, actor=author)

    assert Idea.objects.get(pk=fresh.pk).state == IdeaState.BACKLOG
    assert Idea.objects.get(pk=scored.pk).state == IdeaState.SCORED


def test_mark_planned_twice_moves_and_records_once():
    idea, actor = IdeaFactory(), MemberFactory()

    ideas.mark_planned(idea=idea, actor=actor)
    ideas.mark_planned(idea=idea, actor=actor)

    assert Idea.objects.get(pk=idea.pk).state == IdeaState.PLANNED
    assert trail() == [("planned", idea.title, {"state": "backlog"}, {"state": "planned"})]


def test_mark_decided_follows_planned_and_nothing_else():
    planned, fresh, actor = IdeaFactory(state=IdeaState.PLANNED), IdeaFactory(), MemberFactory()

    ideas.mark_decided(idea=planned, actor=actor)
    with pytest.raises(Conflict, match="In the backlog"):
        ideas.mark_decided(idea=fresh, actor=actor)

    assert Idea.objects.get(pk=planned.pk).state == IdeaState.DECIDED
    assert Idea.objects.get(pk=fresh.pk).state == IdeaState.BACKLOG


def test_release_of_a_planned_idea_frees_it():
    idea = IdeaFactory(state=IdeaState.PLANNED)

    ideas.release(idea=idea, actor=MemberFactory())

    assert Idea.objects.get(pk=idea.pk).state == IdeaState.BACKLOG


def test_an_idea_in_a_round_cannot_be_planned():
    idea = IdeaFactory(state=IdeaState.IN_ROUND)

    with pytest.raises(Conflict):
        ideas.mark_planned(idea=idea, actor=MemberFactory())

    assert Idea.objects.get(pk=idea.pk).state == IdeaState.IN_ROUND
