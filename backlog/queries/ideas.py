"""Ideas, what backs them and what happened to them."""

from typing import Any

from django.db.models import Case, Count, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When

from backlog.choices import IdeaState, may_become
from backlog.models import Evidence, Idea, RoundIdea, VotingRound
from backlog.queries.ballots import scores_visible_to
from backlog.similarity import telling_words
from engagement.accounts.models import AuditEntry, Member, Pod
from engagement.accounts.queries import audit_trail

SIMILAR = 5


def ideas_visible_to(member: Member) -> QuerySet[Idea]:
    """Every idea, merged ones too.

    `results` lists the results this member may see, newest first, and `ice` is the newest score.
    """
    visible = scores_visible_to(member)
    shown = ("pod", "author", "merged_into", "serves__pod", "may_hurt_goal__pod")
    return Idea.objects.select_related(*shown).prefetch_related(_results(visible)).annotate(**_newest_score(visible))


def ideas_listed_to(member: Member) -> QuerySet[Idea]:
    """As `ideas_visible_to`, with no more than a line of the list shows; `ice` is there to sort by.

    Sorting ten thousand of them would else carry their texts along, and leafing through them compute every score.
    """
    visible = scores_visible_to(member)
    listed = Idea.objects.select_related("pod").only("title", "lever", "channel", "lifecycle_stage", "state", "pod")
    return listed.prefetch_related(_results(visible)).alias(**_newest_score(visible))


def _newest_score(visible: QuerySet[RoundIdea]) -> dict[str, Subquery]:
    return {"ice": Subquery(visible.filter(idea=OuterRef("pk"), ice__isnull=False).values("ice")[:1])}


def _results(visible: QuerySet[RoundIdea]) -> Prefetch[Any]:
    return Prefetch("round_ideas", queryset=visible, to_attr="results")


def evidence_for(idea: Idea) -> QuerySet[Evidence]:
    """What backs the idea, in the order it was linked. It is the same for everybody, before a ballot too."""
    return Evidence.objects.filter(idea=idea).select_related("added_by")


def ideas_free_for_a_round() -> QuerySet[Idea]:
    return Idea.objects.filter(state__in=may_become(IdeaState.IN_ROUND)).select_related("pod")


def idea_counts() -> dict[str, int]:
    """How many ideas there are in each state that has any."""
    return dict(Idea.objects.order_by().values_list("state").annotate(count=Count("pk")))


def coverage() -> dict[tuple[str, str], int]:
    """How many ideas there are by lifecycle stage and lever, those merged away left out; "" stands for unsaid."""
    counted = Idea.objects.exclude(state=IdeaState.MERGED).order_by().values("lifecycle_stage", "lever")
    found = counted.annotate(count=Count("pk"))
    return {(row["lifecycle_stage"], row["lever"]): row["count"] for row in found}


def similar_ideas(title: str, *, problem: str = "", but: Idea | None = None) -> list[Idea]:
    """The ideas nearest to these words, the nearest first; at most `SIMILAR`.

    A word counts double in a title. Ideas that share less than a third of the words are not similar.
    """
    words = telling_words(f"{title} {problem}")
    if not words:
        return []
    shared = sum((_weight(word) for word in words), Value(0))
    ideas = Idea.objects.exclude(state=IdeaState.MERGED).annotate(shared=shared).filter(shared__gte=len(words) * 2 / 3)
    if but is not None:
        ideas = ideas.exclude(pk=but.pk)
    return list(ideas.order_by("-shared", "-pk")[:SIMILAR])


def _weight(word: str) -> Any:
    said = Q(problem__icontains=word) | Q(change__icontains=word)
    return Case(When(title__icontains=word, then=2), When(said, then=1), default=0, output_field=IntegerField())


def rounds_of(idea: Idea) -> QuerySet[VotingRound]:
    return VotingRound.objects.filter(ideas=idea).select_related("pod")


def history_of(idea: Idea) -> QuerySet[AuditEntry]:
    """What was done to the idea, newest first. Ballots are not part of it: they leave their trace at the round."""
    return audit_trail(target_type="idea", target_id=str(idea.pk))


def pods_to_open_rounds_for(member: Member) -> QuerySet[Pod]:
    """Those whose rounds this member may open: as `rules.may_open_round`."""
    return Pod.objects.all() if member.is_administrator else member.pods.all()
