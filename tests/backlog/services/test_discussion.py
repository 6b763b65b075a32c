"""Saying something about an idea."""

import pytest

from backlog.models import Post
from backlog.services import discussion
from engagement.accounts.choices import Role
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from tests.backlog.factories import IdeaFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("state", "is_note"),
    [("backlog", False), ("scored", False), ("planned", False), ("decided", True), ("declined", True)],
)
def test_a_post_on_a_settled_idea_is_kept_as_a_note(state, is_note):
    actor = MemberFactory()

    discussion.say(idea=IdeaFactory(state=state), text=" Count whole weeks. ", scale="impact", actor=actor)

    kept = Post.objects.get()
    assert (kept.text, kept.scale, kept.author, kept.is_note) == ("Count whole weeks.", "impact", actor, is_note)


def test_nobody_writes_while_the_idea_is_scored():
    with pytest.raises(Conflict, match="scored blind"):
        discussion.say(idea=IdeaFactory(state="in_round"), text="I gave it a nine.", actor=MemberFactory())
    assert not Post.objects.exists()


@pytest.mark.parametrize("text", ["  ", "x" * 100_000])
def test_nothing_and_100_kb_are_refused_at_the_text(text):
    with pytest.raises(InvalidInput) as refusal:
        discussion.say(idea=IdeaFactory(), text=text, actor=MemberFactory())
    assert refusal.value.field == "text"


def test_a_reader_says_nothing():
    with pytest.raises(Forbidden):
        discussion.say(idea=IdeaFactory(), text="Hello", actor=MemberFactory(role=Role.READER))
