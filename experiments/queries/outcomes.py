"""What became of the ideas that one member scored. Own forecasts are asked for by their owner alone."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from backlog.choices import IdeaState, RoundState
from backlog.models import Ballot, Idea
from backlog.queries import ballots_visible_to, scores_visible_to
from engagement.accounts.models import Member, Pod
from experiments.lifecycle import State
from experiments.models import Decision, Experiment

READ_WITH = ("experiment__pod", "experiment__idea", "experiment__retro", "variant", "readout")


def ideas_scored_by(member: Member) -> QuerySet[Idea]:
    """Those with a ballot of this member's, also by an idea merged into them: the latest decided first, then the rest.

    `decision` is the newest one on an experiment of the idea, None where there is none.
    """
    newest = Decision.objects.filter(experiment__idea=OuterRef("pk")).order_by("-decided_at", "-pk")
    scored = Idea.objects.exclude(state=IdeaState.MERGED).filter(Exists(_cast_by(member, OuterRef("pk"))))
    decided = {"decision": Subquery(newest.values("pk")[:1]), "decided_at": Subquery(newest.values("decided_at")[:1])}
    return scored.annotate(**decided).order_by(F("decided_at").desc(nulls_last=True), "-pk")


def _cast_by(member: Member, idea: OuterRef) -> QuerySet[Ballot]:
    of_idea = Q(round_idea__idea=idea) | Q(round_idea__idea__merged_into=idea)
    return Ballot.objects.filter(of_idea, voter=member)


def decisions_foretold_by(member: Member) -> QuerySet[Decision]:
    """On ideas of which this member cast a ballot before they were decided, the newest decision first."""
    before = _cast_by(member, OuterRef("experiment__idea")).filter(cast_at__lte=OuterRef("decided_at"))
    return decisions_on_ideas().filter(Exists(before))


def decisions_on_ideas() -> QuerySet[Decision]:
    found = Decision.objects.filter(experiment__idea__isnull=False).select_related(*READ_WITH)
    return found.order_by("-decided_at", "-pk")


def decisions_foretold_in(pod: Pod, *, viewer: Member) -> QuerySet[Decision]:
    """On ideas that a round of this pod had scored before, as far as the viewer may see the scores.

    `rating` is the median confidence rating of the last such round.
    """
    of_idea = Q(idea=OuterRef("experiment__idea"), round__pod=pod, confidence_median__isnull=False)
    before = scores_visible_to(viewer).filter(of_idea, round__closed_at__lte=OuterRef("decided_at"))
    found = decisions_on_ideas().annotate(rating=Subquery(before.values("confidence_median")[:1]))
    return found.filter(rating__isnull=False)


def own_forecasts(member: Member, decisions: Iterable[Decision]) -> dict[int, Ballot]:
    """Per decision (by primary key) this member's last ballot on the idea before it.

    Missing are those without, and ballots that are hidden while the member is to score the idea afresh.
    """
    listed = list(decisions)
    ideas = {decision.experiment.idea_id for decision in listed}
    of_ideas = Q(round_idea__idea__in=ideas) | Q(round_idea__idea__merged_into__in=ideas)
    cast = ballots_visible_to(member).filter(of_ideas, voter=member).order_by("cast_at", "pk")
    by_idea: dict[int, list[Ballot]] = {}
    for ballot in cast:
        idea = ballot.round_idea.idea
        by_idea.setdefault(idea.merged_into_id or idea.pk, []).append(ballot)
    found = {
        decision.pk: _last_before(by_idea.get(decision.experiment.idea_id or 0, []), decision) for decision in listed
    }
    return {key: ballot for key, ballot in found.items() if ballot is not None}


def _last_before(ballots: list[Ballot], decision: Decision) -> Ballot | None:
    return next((one for one in reversed(ballots) if one.cast_at <= decision.decided_at), None)


def stated_lifts(member: Member, places: Iterable[int]) -> dict[int, list[Decimal]]:
    """Per place in a closed round the lifts that its ballots expected, as far as this member may see them."""
    shown = ballots_visible_to(member).filter(round_idea__in=list(places), round_idea__round__state=RoundState.CLOSED)
    found: dict[int, list[Decimal]] = {}
    for place, lift in shown.filter(expected_lift__isnull=False).values_list("round_idea", "expected_lift"):
        if lift is not None:
            found.setdefault(place, []).append(lift)
    return found


def next_end(member: Member, *, at: datetime) -> datetime | None:
    """When the next experiment ends that was made from an idea this member scored."""
    undecided = Experiment.objects.exclude(state__in=(State.DECIDED, State.CLOSED)).filter(ends__gt=at)
    scored = undecided.filter(Exists(_cast_by(member, OuterRef("idea"))))
    return scored.order_by("ends").values_list("ends", flat=True).first()
