"""A pod's warning signs in sentences: where the process is fraying, and what would mend it. Nobody is ranked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backlog.choices import RoundState
from backlog.models import VotingRound
from backlog.queries import rounds_of_pod
from backlog.quorum import FALLING_ROUNDS, is_falling
from engagement.accounts.models import Member, Pod
from experiments.models import Experiment
from experiments.queries.milestones import late_milestones
from experiments.queries.warning_signs import has_no_next_step, over_loaded, scored_ideas_waiting, under_way


@dataclass(frozen=True, slots=True)
class Sign:
    """`kind` names it, `links` are what it is about: words and address of each."""

    kind: str
    what: str
    way_on: str
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PodState:
    signs: list[Sign]
    experiments: list[Experiment]
    open_rounds: list[VotingRound]
    members: list[Member]


def pod_state(pod: Pod, *, viewer: Member, at: datetime) -> PodState:
    """What the pod is at, and what is fraying there; `viewer` alone learns of an over-load that it is theirs."""
    everything = list(under_way())
    members = list(pod.members.filter(is_active=True).order_by("name", "pk"))
    rounds = rounds_of_pod(pod)
    own = [one for one in everything if one.pod_id == pod.pk]
    open_rounds = [one for one in rounds if one.state == RoundState.OPEN]
    loaded = over_loaded([one.pk for one in members], everything, today=localdate(at))
    signs = [
        _slipping(pod, at),
        _no_next_step(pod, own, has_open_round=bool(open_rounds), at=at),
        _turnout([one for one in rounds if one.state == RoundState.CLOSED and one.first_round_id is None]),
        _over_load(loaded, viewer),
    ]
    return PodState([sign for sign in signs if sign], own, open_rounds, members)


def _slipping(pod: Pod, at: datetime) -> Sign | None:
    late = list(late_milestones(pod, today=localdate(at)))
    if not late:
        return None
    what = ngettext("%(count)d milestone has slipped.", "%(count)d milestones have slipped.", len(late))
    links = []
    for one in late:
        words = _("%(step)s, due on %(day)s: %(experiment)s")
        values = {"step": one.get_step_display(), "day": date_format(one.due), "experiment": one.experiment.name}
        links.append((words % values, _plan_of(one.experiment)))
    return Sign("milestones", what % {"count": len(late)}, _("Do it, or move its day with the launch."), links)


def _no_next_step(pod: Pod, own: Sequence[Experiment], *, has_open_round: bool, at: datetime) -> Sign | None:
    stuck = [one for one in own if has_no_next_step(one, at=at)]
    if stuck:
        what = ngettext(
            "%(count)d experiment has no next step.", "%(count)d experiments have no next step.", len(stuck)
        )
        links = [
            (f"{one.name} ({one.get_state_display()})", reverse("experiment_home", args=[one.key])) for one in stuck
        ]
        way_on = _("Give a milestone an owner, decide what has ended, close with a retro what is decided.")
        return Sign("next_step", what % {"count": len(stuck)}, way_on, links)
    waiting = 0 if own or has_open_round else scored_ideas_waiting(pod)
    if not waiting:
        return None
    what = ngettext(
        "%(count)d scored idea waits, and nothing is under way.",
        "%(count)d scored ideas wait, and nothing is under way.",
        waiting,
    )
    address = f"{reverse('ideas')}?pod={pod.slug}&state=scored&sort=score"
    return Sign("next_step", what % {"count": waiting}, _("Take one up."), [(_("The pod’s scored ideas"), address)])


def _turnout(closed: Sequence[VotingRound]) -> Sign | None:
    """`closed`: the newest first."""
    last = closed[:FALLING_ROUNDS]
    if not is_falling([one.voter_count / max(one.member_count, 1) for one in reversed(last)]):
        return None
    links = [(_turnout_of(one), reverse("round", args=[one.pk])) for one in last]
    return Sign("turnout", _("Turnout falls from round to round."), _("Ask what keeps people from voting."), links)


def _turnout_of(one: VotingRound) -> str:
    values = {"round": one, "voted": one.voter_count, "invited": one.member_count}
    return _("%(round)s: %(voted)d of %(invited)d") % values


def _over_load(loaded: set[int], viewer: Member) -> Sign | None:
    if not loaded:
        return None
    if viewer.pk in loaded:
        way_on = _("It is you, which only you are told. Give a milestone or a role to somebody else.")
    else:
        way_on = _("Ask in the pod who would like to hand something over.")
    what = ngettext(
        "A member holds more open milestones or roles than there is room for.",
        "Some members hold more open milestones or roles than there is room for.",
        len(loaded),
    )
    return Sign("over_load", what, way_on)


def _plan_of(experiment: Experiment) -> str:
    return reverse("experiment", args=[experiment.key, "plan"]) + "#milestones"
