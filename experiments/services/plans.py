"""Writing an experiment's plan: what is compared, on what, for whom, by when."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from backlog.models import Idea
from backlog.quarters import Quarter
from backlog.services import ideas
from engagement.accounts.models import Member, Pod, Workspace
from engagement.accounts.queries import workspace
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.messaging.content import plain
from engagement.messaging.models import Message
from experiments import naming
from experiments.choices import ExperimentKind, MetricRole
from experiments.lifecycle import PLANNED
from experiments.metrics.library import names_mechanics
from experiments.metrics.roles import WHY_DIAGNOSTIC
from experiments.models import DefaultMessage, Experiment, Metric, RegisteredMetric, Variant
from experiments.models.experiment import KEY_PATTERN
from experiments.readouts.bandit import KINDS
from experiments.services import milestones, shares

FEWEST_VARIANTS, MOST_VARIANTS = 2, 10
MOST_SUBGROUPS = 5
DAY_S = 86_400
SLOTS = ("because", "we_believe", "audience", "will_move", "by", "within")


@dataclass(frozen=True, slots=True)
class VariantPlan:
    """A variant as written; without any text its message is none. The first of a plan is control."""

    key: str
    name: str
    share: float
    channel: str = "email"
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """A metric as written: `event` is what is counted or summed, within `window_days` of the exposure. Without an event
    a key of the registry brings the whole definition from there; else the event is called as the key.

    `after_days` of that window are left out at its start: 7 and 14 read the second week. `margin`: how much worse a
    guardrail may get, as a share of control's.
    """

    key: str
    kind: str
    role: str
    direction: str = "up"
    event: str = ""
    window_days: int | None = 14
    unit: str = ""
    after_days: int = 0
    margin: float | None = None


@transaction.atomic
def create(
    *,
    key: str,
    name: str,
    variants: Sequence[VariantPlan],
    metrics: Sequence[MetricPlan],
    actor: Member | None,
    kind: str = ExperimentKind.AB,
    idea: Idea | None = None,
    pod: Pod | None = None,
    starts: datetime | None = None,
    ends: datetime | None = None,
    hypothesis: dict[str, str] | None = None,
    subgroups: Sequence[str] = (),
    default_message: DefaultMessage | None = None,
    is_simulated: bool = False,
    at: datetime | None = None,
) -> Experiment:
    """A draft experiment with its variants, messages and metrics, linked to the idea it came from.

    With a default message control says what that says now. Under whatever key, for what was named elsewhere: members
    plan by `plan`.

    subgroups: traits, or `state`, by which the effect is looked at apart; what is not declared here never is.
    The primary metric of a bandit is a share or an amount within a window: its shares follow whoever has closed it.
    """
    require_writer(actor)
    _check(key, variants, metrics, starts, ends)
    slots = {slot: (hypothesis or {}).get(slot, "") for slot in SLOTS}
    moment = at or now()
    experiment = Experiment(
        key=key, name=name, kind=kind, idea=idea, pod=pod or (idea.pod if idea else None), starts=starts, ends=ends,
        strategy_owner=actor, is_simulated=is_simulated, created_at=moment, subgroups=_subgroups(subgroups),
        default_message=default_message, **slots,
    )  # fmt: skip
    try:
        with transaction.atomic():
            experiment.save()
    except IntegrityError as error:
        sentence = _("The key “%(key)s” is taken by another experiment.") % {"key": key}
        raise Conflict(sentence, field="key") from error
    _create_variants(experiment, variants)
    if default_message is not None:
        _say_default(experiment.variants.get(position=0), default_message)
    _create_metrics(experiment, metrics)
    if kind == ExperimentKind.BANDIT:
        _check_bandit(experiment)
    if idea is not None:
        ideas.mark_planned(idea=idea, actor=actor, at=moment)
    after = {"state": experiment.state, "key": key, "variants": ", ".join(variant.key for variant in variants)}
    audit.record(actor=actor, verb="planned", target=experiment, after=after, at=moment)
    return experiment


@transaction.atomic
def plan(
    *, name: str, variants: Sequence[VariantPlan], actor: Member | None, key: str = "", idea: Idea | None = None,
    pod: Pod | None = None, starts: datetime | None = None, **rest: Any,
) -> Experiment:  # fmt: skip
    """What `create` makes, under the key that the workspace's pattern composes, with a number where that is taken.

    A `key` may be told to make sure of it; any other than the composed one is refused.
    """
    require_writer(actor)
    house = Workspace.objects.select_for_update().get(pk=workspace().pk)  # two plans at once get two keys
    pod = pod or (idea.pod if idea else None)
    channels = {variant.channel for variant in variants if variant.subject or variant.body}
    composed = composed_key(house, name, pod, channels, starts)
    start = composed[: naming.LONGEST - 10]  # a number behind a long key takes some of its end
    taken = Experiment.objects.filter(key__startswith=start).values_list("key", flat=True)
    free = naming.free_key(composed, set(taken))
    if key not in ("", composed, free):
        words = {"pattern": house.naming_pattern, "key": free}
        raise InvalidInput(_("The key is composed as %(pattern)s: here “%(key)s”.") % words, field="key")
    return create(key=key or free, name=name, variants=variants, actor=actor, idea=idea, pod=pod, starts=starts, **rest)


def composed_key(
    house: Workspace, name: str, pod: Pod | None, channels: Collection[str], starts: datetime | None
) -> str:
    """By the workspace's pattern, whether it is taken or not.

    Several channels are called multi; the quarter is that of the first day, of today where none is set.
    """
    quarter = Quarter.of((starts or now()).astimezone(ZoneInfo(house.time_zone)).date())
    return naming.composed_key(
        house.naming_pattern,
        quarter=f"{quarter.year}q{quarter.number}",
        pod=pod.slug if pod else "",
        channel=next(iter(channels)) if len(channels) == 1 else "multi" if channels else "",
        title=name,
    )


@transaction.atomic
def revise(
    *, experiment: Experiment, values: dict[str, Any], roles: Mapping[str, str], added: Sequence[MetricPlan],
    seen: str, actor: Member,
) -> Experiment:  # fmt: skip
    """Another wording of a plan that is not launched: columns as `change` takes them, and which metrics it has.

    roles: by key those metrics of the plan that stay, with their role; what is not named is taken out. A definition is
    never rewritten: take the metric out and add it anew. `seen`: what `version` said when the plan was opened; where
    somebody has changed it since, nothing is saved.
    """
    require_writer(actor)
    found = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if found.follows_dates:
        raise Conflict(_("Its plan comes from a file: change it there and load it again."))
    if version(found) != seen:
        raise Conflict(_("Somebody has changed this plan since you opened it. Open it anew beside this page."))
    if "subgroups" in values:
        values = {**values, "subgroups": _subgroups(values["subgroups"])}
    _change(found, actor, values)
    found.refresh_from_db()
    before = _roles(found)
    _revise_metrics(found, roles, added)
    if found.kind == ExperimentKind.BANDIT:
        _check_bandit(found)
    after = _roles(found)
    if before != after:
        audit.record(actor=actor, verb="changed", target=found, before=before, after=after)
    return found


def version(experiment: Experiment) -> str:
    """Another text whenever what `revise` changes of a plan is another."""
    columns = ("name", "pod_id", "kind", "subgroups", *SLOTS)
    metrics = list(experiment.metrics.values_list("key", "role", "kind", "direction", "columns"))
    plan = json.dumps([[getattr(experiment, column) for column in columns], metrics])
    return hashlib.sha256(plan.encode()).hexdigest()


def _roles(experiment: Experiment) -> dict[str, str]:
    return {_("metric %(key)s") % {"key": key}: role for key, role in experiment.metrics.values_list("key", "role")}


def _revise_metrics(experiment: Experiment, roles: Mapping[str, str], added: Sequence[MetricPlan]) -> None:
    kept = list(experiment.metrics.filter(key__in=roles))
    _check_metrics(
        [*(MetricPlan(one.key, one.kind, roles[one.key], event=one.definition.event) for one in kept), *added]
    )
    experiment.metrics.exclude(key__in=roles).delete()
    # The primary one last: for a moment there would be two.
    for metric in sorted(kept, key=lambda one: roles[one.key] == MetricRole.PRIMARY):
        metric.role = roles[metric.key]
        metric.save(update_fields=["role"])
    _create_metrics(experiment, added, first=max((one.position for one in kept), default=-1) + 1)


@transaction.atomic
def change(*, experiment: Experiment, actor: Member, **values: Any) -> Experiment:
    """Changes name, pod, dates or hypothesis of a draft; what ran is not rewritten."""
    return _change(experiment, actor, values)


def _change(
    experiment: Experiment, actor: Member, values: dict[str, Any], *, verb: str = "changed", reason: str = "",
    at: datetime | None = None,
) -> Experiment:  # fmt: skip
    require_writer(actor)
    experiment = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if experiment.state not in PLANNED:
        raise Conflict(
            _("The plan is frozen: the experiment is %(state)s.") % {"state": experiment.get_state_display()}
        )
    _check_dates(values.get("starts", experiment.starts), values.get("ends", experiment.ends))
    before, after = audit.changed(experiment, values)
    for column, value in values.items():
        setattr(experiment, column, value)
    experiment.save()
    if after:
        audit.record(actor=actor, verb=verb, target=experiment, before=before, after=after, reason=reason, at=at)
    return experiment


@transaction.atomic
def move(
    *, experiment: Experiment, starts: datetime, ends: datetime, reason: str, actor: Member, at: datetime | None = None
) -> Experiment:
    """Puts a planned experiment into other days, with a reason; approvals of the old days lapse.

    What was sealed moves along with the start, at most to the new end; so do the milestones that are open.
    """
    if not reason.strip():
        raise InvalidInput(_("Say why it moves: others plan around it."), field="reason")
    if ends <= (at or now()):
        raise InvalidInput(_("These days are over already."), field="ends")
    experiment = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if experiment.follows_dates:
        raise Conflict(_("It runs elsewhere: its dates come with its file."))
    sealed, by = experiment.sealed_until, starts - (experiment.starts or starts)
    if sealed and experiment.starts:
        sealed = min(sealed + by, ends)
    milestones.move_along(experiment=experiment, by=by)
    values = {"starts": starts, "ends": ends, "sealed_until": sealed}
    return _change(experiment, actor, values, verb="moved", reason=reason.strip(), at=at)


def _check(
    key: str,
    variants: Sequence[VariantPlan],
    metrics: Sequence[MetricPlan],
    starts: datetime | None,
    ends: datetime | None,
) -> None:
    if len(key) > 100 or not KEY_PATTERN.match(key):
        raise InvalidInput(_("A key has 1 to 100 letters, digits, - or _."), field="key")
    if not FEWEST_VARIANTS <= len(variants) <= MOST_VARIANTS:
        raise InvalidInput(_("An experiment compares 2 to 10 variants, control included."), field="variants")
    if len({variant.key for variant in variants}) < len(variants):
        raise InvalidInput(_("Two variants have the same name."), field="variants")
    shares.check([variant.share for variant in variants])
    _check_metrics(metrics)
    _check_dates(starts, ends)


def _check_metrics(metrics: Sequence[MetricPlan]) -> None:
    if len({metric.key for metric in metrics}) < len(metrics):
        raise InvalidInput(_("Two metrics have the same name."), field="metrics")
    if sum(metric.role == MetricRole.PRIMARY for metric in metrics) != 1:
        raise InvalidInput(_("Exactly one metric is primary: the one that decides."), field="metrics")
    if any(metric.role != MetricRole.DIAGNOSTIC and names_mechanics(metric.event or metric.key) for metric in metrics):
        raise InvalidInput(str(WHY_DIAGNOSTIC), field="metrics")


def _subgroups(names: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(found) > MOST_SUBGROUPS:
        raise InvalidInput(
            _("At most %(most)d subgroups: each one widens the intervals of all.") % {"most": MOST_SUBGROUPS},
            field="subgroups",
        )
    return found


def _check_bandit(experiment: Experiment) -> None:
    primary = experiment.metrics.get(role=MetricRole.PRIMARY).definition
    if primary.kind not in KINDS or primary.window_s is None:
        sentence = _(
            "A bandit follows a share or an amount within a window: give “%(metric)s” one, or plan an A/B test."
        )
        raise InvalidInput(sentence % {"metric": primary.key}, field="metrics")


def _check_dates(starts: datetime | None, ends: datetime | None) -> None:
    if starts and ends and starts >= ends:
        raise InvalidInput(_("The end must lie after the start."), field="ends")


def _create_variants(experiment: Experiment, variants: Sequence[VariantPlan]) -> None:
    for position, plan in enumerate(variants):
        contents = plain(plan.channel, subject=plan.subject, body=plan.body)
        message = Message.objects.create(contents=contents) if contents else None
        Variant.objects.create(
            experiment=experiment, key=plan.key, name=plan.name, position=position, share=plan.share, message=message
        )


def _say_default(control: Variant, default: DefaultMessage) -> None:
    if control.message is not None:
        raise InvalidInput(_("Control says today’s message, so it has no text of its own."), field="variants")
    if default.variant.message is not None:
        control.message = Message.objects.create(contents=default.variant.message.contents)
        control.save(update_fields=["message"])


def _create_metrics(experiment: Experiment, metrics: Sequence[MetricPlan], *, first: int = 0) -> None:
    registered = {metric.key: metric for metric in RegisteredMetric.objects.filter(retired_at=None)}
    for position, plan in enumerate(metrics, first):
        known = None if plan.event else registered.get(plan.key)
        parts = known.parts() if known else _parts(plan)
        if plan.margin is not None:
            parts["columns"] = {**parts["columns"], "margin": plan.margin}
        metric = Metric(experiment=experiment, key=plan.key, role=plan.role, position=position, **parts)
        try:
            metric.definition  # noqa: B018  it judges its parts
        except ValueError as error:
            raise InvalidInput(_("The %(complaint)s.") % {"complaint": error}, field="metrics") from None
        metric.save()


def _parts(plan: MetricPlan) -> dict[str, Any]:
    return {"kind": plan.kind, "direction": plan.direction, "columns": _columns(plan)}


def _columns(plan: MetricPlan) -> dict[str, Any]:
    window_s = plan.window_days * DAY_S if plan.window_days else None
    window = {"window_s": window_s, "from_s": plan.after_days * DAY_S}
    return {"event": plan.event or plan.key, **window, "unit": plan.unit}
