"""Saying something about an idea."""

from datetime import datetime

from django.db import transaction

from backlog import rules
from backlog.models import Idea, Post
from backlog.services import columns
from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.core.clock import now


@transaction.atomic
def say(*, idea: Idea, text: str, actor: Member, scale: str = "", at: datetime | None = None) -> Post:
    """A post under the idea; on a settled idea it is kept as a note. While the idea is scored nobody may write.

    The idea is locked first: else a post begun before a round opens could land in it.
    """
    require_writer(actor)
    idea = Idea.objects.select_for_update().get(pk=idea.pk)
    refusal = rules.discussion_refusal(idea)
    if refusal is not None:
        raise refusal
    post = Post(
        idea=idea,
        author=actor,
        text=text.strip(),
        scale=scale,
        is_note=rules.is_settled(idea),
        written_at=at or now(),
    )
    columns.check(post)
    post.save()
    return post
