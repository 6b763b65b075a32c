"""What one member foretold, and what became of it; how often what they call likely works."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backlog.models import Ballot, Idea
from engagement.accounts.models import Member, Pod
from engagement.core.templatetags.estimates import written_estimate
from engagement.core.templatetags.formats import MINUS, exact
from experiments import stats
from experiments.choices import CHECK_LABELS
from experiments.health.checks import INVALIDATING
from experiments.models import Decision
from experiments.queries import outcomes
from experiments.reports.effects import Effect, primary_effect
from experiments.reports.quarterly.judging import Rated, bins, is_better, share_interval
from experiments.reports.sentences import listed
from experiments.reports.standing import decision_label
from experiments.stats.programme.forecasts import FEWEST_PERSONAL

FEWEST_OF_A_RATING = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """One decided experiment beside what was foretold of its idea.

    expected:      the member's expected lift, a share; None where none was stated.
    pod_expected:  the median of the `pod_count` lifts stated in the same round.
    why_invalid:   why no effect is given; else empty.
    """

    decision: Decision
    effect: Effect | None
    rating: int | None
    expected: Decimal | None
    pod_expected: Decimal | None
    pod_count: int
    why_invalid: str

    @property
    def label(self) -> str:
        return decision_label(self.decision)

    @property
    def expected_text(self) -> str:
        return as_typed(self.expected)

    @property
    def pod_text(self) -> str:
        return as_typed(self.pod_expected)

    @property
    def sentence(self) -> str:
        """Such as “You expected +3%; it did +2.1% (+0.9 to +3.3%).”"""
        return f"{self._foretold} {self._happened}" if self._foretold else capfirst(self._happened)

    @property
    def _foretold(self) -> str:
        if self.expected is not None:
            return _("You expected %(lift)s;") % {"lift": self.expected_text}
        if self.rating is not None:
            return _("Your confidence rating was %(rating)d;") % {"rating": self.rating}
        return ""

    @property
    def _happened(self) -> str:
        if self.why_invalid:
            return _("no effect is given: %(why)s failed.") % {"why": self.why_invalid}
        effect = self.effect
        written = effect and written_estimate(effect.lift, effect.lift_low, effect.lift_high, "%", 100)
        if not written:
            return _("no effect could be measured.")
        return _("it did %(lift)s (%(interval)s).") % {"lift": written.value, "interval": written.interval}


@dataclass(frozen=True, slots=True)
class Row:
    """One idea that the member scored; without an outcome it is not decided, or was scored only afterwards."""

    idea: Idea
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often it works when a member or a pod says so: counts from ten outcomes on.

    `sentence` is the member's, where one rating has five outcomes; a pod has none.
    """

    count: int
    fewest: int
    bins: list[dict[str, Any]]
    sentence: str

    @property
    def is_told(self) -> bool:
        return self.count >= self.fewest


def as_typed(lift: Decimal | None) -> str:
    """A stated lift in percent with its sign and the digits that somebody gave it; nothing where none was stated."""
    if lift is None:
        return ""
    return ("+" if lift > 0 else MINUS if lift < 0 else "") + exact(abs(100 * lift)) + "%"


def rows(member: Member, ideas: Sequence[Idea]) -> list[Row]:
    """The ideas of `ideas_scored_by` with what became of them, in a number of queries that does not grow."""
    keys = [idea.decision for idea in ideas if idea.decision]  # type: ignore[attr-defined]  # annotated by the query
    decisions = outcomes.decisions_on_ideas().in_bulk(keys)
    found = {one.decision.experiment.idea_id: one for one in foretold(member, list(decisions.values()))}
    return [Row(idea, found.get(idea.pk)) for idea in ideas]


def foretold(member: Member, decisions: Sequence[Decision]) -> list[Outcome]:
    """Each decision beside this member's last ballot on its idea before it, where there is one."""
    own = outcomes.own_forecasts(member, decisions)
    stated = outcomes.stated_lifts(member, [ballot.round_idea_id for ballot in own.values()])
    return [_outcome(decision, own.get(decision.pk), stated) for decision in decisions]


def _outcome(decision: Decision, ballot: Ballot | None, stated: dict[int, list[Decimal]]) -> Outcome:
    said = stated.get(ballot.round_idea_id, []) if ballot else []
    return Outcome(
        decision=decision,
        effect=primary_effect(decision.readout.document, variant=decision.variant.key if decision.variant else None),
        rating=ballot.confidence if ballot else None,
        expected=ballot.expected_lift if ballot else None,
        pod_expected=median(said) if said else None,
        pod_count=len(said),
        why_invalid=_why_invalid(decision.readout.document),
    )


def _why_invalid(document: dict[str, Any]) -> str:
    failed = [part["check"] for part in document["health"] if part["status"] == "fail"]
    return listed([str(CHECK_LABELS.get(check, check)).lower() for check in failed if check in INVALIDATING])


def own_calibration(member: Member) -> Calibration:
    """Over all valid, decided experiments whose idea this member rated before; for nobody else to see."""
    decisions = list(outcomes.decisions_foretold_by(member))
    own = outcomes.own_forecasts(member, decisions)
    rated = [
        Rated(float(rating), is_better(decision.readout.document))
        for decision in decisions
        if decision.pk in own
        and (rating := own[decision.pk].confidence) is not None
        and _is_judged(decision.readout.document)
    ]
    is_told = len(rated) >= FEWEST_PERSONAL
    return Calibration(len(rated), FEWEST_PERSONAL, bins(rated) if is_told else [], _sentence(rated) if is_told else "")


def pod_calibration(pod: Pod, *, viewer: Member) -> Calibration:
    """Over all valid, decided experiments whose ideas the pod had rated before, by its medians; for all to see."""
    rated = [
        Rated(float(decision.rating), is_better(decision.readout.document))  # type: ignore[attr-defined]  # annotated
        for decision in outcomes.decisions_foretold_in(pod, viewer=viewer)
        if _is_judged(decision.readout.document)
    ]
    return Calibration(len(rated), FEWEST_PERSONAL, bins(rated) if len(rated) >= FEWEST_PERSONAL else [], "")


def _is_judged(document: dict[str, Any]) -> bool:
    effect = primary_effect(document)
    return effect is not None and effect.has_interval and effect.verdict != stats.Verdict.INVALID


def _sentence(rated: Sequence[Rated]) -> str:
    """Of the rating given most often; nothing where even that has too few outcomes."""
    ratings = [one.rating for one in rated]
    rating = max(sorted(set(ratings)), key=ratings.count)
    worked, count = sum(one.is_better for one in rated if one.rating == rating), ratings.count(rating)
    if count < FEWEST_OF_A_RATING:
        return ""
    low, high = share_interval(worked, count)
    values = {"rating": int(rating), "times": round(10 * worked / count), "count": count}
    ends = {"low": f"{10 * low:.0f}", "high": f"{10 * high:.0f}"}
    return _(
        "When you say %(rating)d, it works %(times)d times in 10"
        " (of %(count)d; the data allow %(low)s to %(high)s in 10)."
    ) % {**values, **ends}
