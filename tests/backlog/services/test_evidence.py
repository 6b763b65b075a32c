"""Linking evidence and taking it away."""

import pytest

from backlog.models import Evidence
from backlog.services import evidence
from engagement.accounts.choices import Role
from engagement.accounts.models import AuditEntry
from engagement.core.errors import Forbidden, InvalidInput
from tests.backlog.factories import EvidenceFactory, IdeaFactory
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
SAID = {"source": "Reader interviews, autumn", "grade": "own_observation", "says": "Nine of 14 never noticed."}


def test_what_is_linked_is_kept_with_who_and_told_in_the_trail():
    idea, actor = IdeaFactory(), MemberFactory()

    linked = evidence.link(idea=idea, actor=actor, url="https://example.org/interviews", **SAID)

    kept = Evidence.objects.get()
    assert (kept.idea, kept.added_by, kept.url) == (idea, actor, "https://example.org/interviews")
    assert {name: getattr(kept, name) for name in SAID} == SAID
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.target_label, entry.after) == ("linked evidence", idea.title, SAID)
    assert linked == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [("source", " "), ("source", "x" * 151), ("grade", "gospel"), ("says", ""), ("url", "javascript:alert(1)")],
)
def test_what_a_column_does_not_take_is_refused_at_its_field(field, value):
    with pytest.raises(InvalidInput) as refusal:
        evidence.link(idea=IdeaFactory(), actor=MemberFactory(), **{**SAID, field: value})

    assert refusal.value.field == field
    assert not Evidence.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_reader_links_nothing():
    with pytest.raises(Forbidden):
        evidence.link(idea=IdeaFactory(), actor=MemberFactory(role=Role.READER), **SAID)


def test_its_linker_the_author_the_pod_and_administrators_take_it_away_and_nobody_else():
    author, mate, linker = MemberFactory(), MemberFactory(), MemberFactory()
    idea = IdeaFactory(author=author, pod=PodFactory(members=[mate]))
    for actor in (author, mate, linker, MemberFactory(administrator=True)):
        linked = EvidenceFactory(idea=idea, added_by=linker)
        evidence.unlink(evidence=linked, actor=actor)
    kept = EvidenceFactory(idea=idea, added_by=linker)

    with pytest.raises(Forbidden):
        evidence.unlink(evidence=kept, actor=MemberFactory())

    assert list(Evidence.objects.all()) == [kept]
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["took evidence away"] * 4
