"""The launch checklist: what stands, what is open, and the words members put under it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.accounts.models import AuditEntry, Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from engagement.messaging.choices import Channel
from engagement.messaging.content import Fault, Problem, problems
from experiments.choices import MarkKind, MetricRole
from experiments.lifecycle import PLANNED
from experiments.metrics.library import names_mechanics
from experiments.models import ChecklistMark, Experiment, Sending
from experiments.services.eligibility import newest_count
from experiments.services.plans import SLOTS

VERSION = "launch-1"
AUTHORED = ("planned", "loaded", "changed", "changed message", "changed variants", "moved", "chose audience")
MOST_VARIANTS_ALONE = 5  # more of them only with a second member's reason


class Status(StrEnum):
    PASSED = "passed"
    WAIVED = "waived"
    OPEN = "open"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Item:
    key: str
    title: str
    status: Status
    finding: str
    mark: ChecklistMark | None = None
    is_manual: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in (Status.OPEN, Status.FAILED)

    @property
    def may_be_waived(self) -> bool:
        return self.is_open and self.key in WAIVABLE


Finding = tuple[Status, str]
PARTS: Mapping[str, str | Promise] = {
    "content": gettext_lazy("content"),
    "audience": gettext_lazy("audience"),
    "metrics": gettext_lazy("metrics"),
    "time": gettext_lazy("time"),
    "plan": gettext_lazy("plan"),
}


def items(experiment: Experiment, *, actor: Member | None = None, at: datetime | None = None) -> list[Item]:
    """Every item as it stands; `actor` is who would launch, whose own approval counts for nothing."""
    moment, marks = at or now(), list(experiment.checklist_marks.select_related("by"))
    agreed = fingerprint(experiment)
    found = [
        _waived(key, str(title), check(experiment, moment), marks, agreed) for key, (title, check) in AUTOMATIC.items()
    ]
    found += [_by_hand(key, str(title), str(ask), marks, agreed) for key, (title, ask) in BY_HAND.items()]
    return [*found, _approval(experiment, actor, marks, agreed)]


def fingerprint(experiment: Experiment) -> dict[str, str]:
    """A hash of each part of the plan that an approval covers."""
    variants = list(experiment.variants.select_related("message"))
    parts: dict[str, Any] = {
        "content": [(_row(variant), variant.message.said if variant.message else {}) for variant in variants],
        "audience": [experiment.audience_version_id, experiment.for_eligible_only],
        "metrics": [_row(metric) for metric in experiment.metrics.all()],
        "time": [experiment.starts, experiment.ends, experiment.sealed_until],
        "plan": [
            experiment.kind,
            experiment.plan,
            experiment.subgroups,
            *(getattr(experiment, slot) for slot in SLOTS),
            *experiment.pauses_on,
        ],
    }
    return {name: hashlib.sha256(json.dumps(part, default=str).encode()).hexdigest() for name, part in parts.items()}


@transaction.atomic
def mark(*, experiment: Experiment, item: str, kind: str, actor: Member, reason: str = "") -> ChecklistMark:
    """A tick, an approval or a waiver of the plan as it is now; it lapses with any later change of it.

    Approval and waiver are a second member's: refused for the strategy owner and the launch owner.
    """
    require_writer(actor)
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if experiment.state not in PLANNED:
        raise Conflict(_("The checklist is closed: the experiment was launched."))
    _check_mark(experiment, item, kind, actor, reason.strip())
    made = ChecklistMark.objects.create(
        experiment=experiment, item=item, kind=kind, by=actor, reason=reason.strip(), agreed_to=fingerprint(experiment)
    )
    after = {"item": item, "kind": kind, "checklist": VERSION}
    audit.record(actor=actor, verb="marked the checklist", target=experiment, after=after, reason=made.reason)
    return made


def may_have_many(experiment: Experiment) -> bool:
    """Whether a second member said why more variants than usual are worth it."""
    return experiment.checklist_marks.filter(item="variants", kind=MarkKind.WAIVER).exists()


def standing_waivers(experiment: Experiment) -> list[tuple[str, ChecklistMark]]:
    """Title and waiver of what was launched with a waiver, each item once, the newest."""
    found: dict[str, ChecklistMark] = {}
    for each in experiment.checklist_marks.filter(kind=MarkKind.WAIVER).select_related("by"):
        found.setdefault(each.item, each)
    titles = {key: str(title) for key, (title, _rest) in {**AUTOMATIC, **BY_HAND}.items()}
    return [(titles[key], each) for key, each in found.items()]


def _check_mark(experiment: Experiment, item: str, kind: str, actor: Member, reason: str) -> None:
    allowed = {MarkKind.TICK: set(BY_HAND), MarkKind.APPROVAL: {"approval"}, MarkKind.WAIVER: WAIVABLE}
    if kind not in allowed or item not in allowed[MarkKind(kind)]:
        raise InvalidInput(_("The checklist has no such item to mark in this way."), field="item")
    if kind != MarkKind.TICK and actor.pk in _involved(experiment):
        raise Forbidden(_("You wrote this plan or launch it, so a second member approves or waives."))
    if not reason and (kind == MarkKind.WAIVER or item == "escalation"):
        raise InvalidInput(_("Write it down: the reason, or the plan, is what others read."), field="reason")


def _involved(experiment: Experiment) -> set[int | None]:
    """Who planned, changed or launches it: a change of roles makes nobody a second member of their own plan."""
    entries = AuditEntry.objects.filter(target_type="experiment", target_id=str(experiment.pk))
    authors = entries.filter(verb__in=AUTHORED, actor__isnull=False).values_list("actor_id", flat=True)
    return {*authors, experiment.strategy_owner_id, experiment.launch_owner_id}


def _row(row: models.Model) -> dict[str, Any]:
    return {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}


def _newest(marks: list[ChecklistMark], item: str, kind: MarkKind) -> ChecklistMark | None:
    return next((each for each in marks if each.item == item and each.kind == kind), None)


def _lapse(each: ChecklistMark, agreed: Mapping[str, str]) -> str:
    changed = [str(label) for name, label in PARTS.items() if each.agreed_to.get(name) != agreed[name]]
    if not changed:
        return ""
    words = {"kind": each.get_kind_display(), "name": each.by.name, "parts": ", ".join(changed)}
    return _("%(kind)s by %(name)s, and lapsed since: %(parts)s changed.") % words


def _waived(key: str, title: str, finding: Finding, marks: list[ChecklistMark], agreed: Mapping[str, str]) -> Item:
    item = Item(key, title, *finding)
    waiver = _newest(marks, key, MarkKind.WAIVER)
    if waiver is None or not item.is_open:
        return item
    lapse = "" if key in LASTING else _lapse(waiver, agreed)
    if lapse:
        return Item(key, title, item.status, f"{item.finding} {lapse}")
    return Item(key, title, Status.WAIVED, f"{item.finding} “{waiver.reason}”", waiver)


def _by_hand(key: str, title: str, ask: str, marks: list[ChecklistMark], agreed: Mapping[str, str]) -> Item:
    tick = _newest(marks, key, MarkKind.TICK)
    lapse = _lapse(tick, agreed) if tick else ""
    if tick is None or lapse:
        return _waived(key, title, (Status.OPEN, lapse or ask), marks, agreed)
    return Item(key, title, Status.PASSED, tick.reason, tick, is_manual=True)


def _approval(
    experiment: Experiment, actor: Member | None, marks: list[ChecklistMark], agreed: Mapping[str, str]
) -> Item:
    title, given = _("Approved by a second member"), _newest(marks, "approval", MarkKind.APPROVAL)
    involved = {*_involved(experiment), actor.pk if actor else None}
    if given is None:
        return Item("approval", title, Status.OPEN, _("Nobody has approved it yet."))
    lapse = _lapse(given, agreed)
    if given.by_id in involved:
        lapse = _("%(name)s approved it, and cannot also plan or launch it.") % {"name": given.by.name}
    return Item("approval", title, Status.OPEN, lapse) if lapse else Item("approval", title, Status.PASSED, "", given)


def _hypothesis(experiment: Experiment, _at: datetime) -> Finding:
    empty = [slot.replace("_", " ") for slot in SLOTS if not getattr(experiment, slot).strip()]
    if empty:
        return Status.FAILED, _("Empty: %(slots)s.") % {"slots": ", ".join(empty)}
    return Status.PASSED, _("All six parts are filled.")


def _roles(experiment: Experiment, _at: datetime) -> Finding:
    if experiment.strategy_owner_id is None or experiment.analysis_owner_id is None:
        return Status.FAILED, _("Name a strategy owner and an analysis owner in the plan.")
    if experiment.launch_owner_id == experiment.analysis_owner_id:
        return Status.FAILED, _("The same member launches and analyses.")
    return Status.PASSED, _("%(name)s analyses.") % {"name": experiment.analysis_owner}


def _dates(experiment: Experiment, at: datetime) -> Finding:
    if experiment.ends is None:
        return Status.FAILED, _("The plan names no end.")
    if experiment.ends <= at:
        return Status.FAILED, _("Its end has passed.")
    return Status.PASSED, _("It ends after it starts, and ahead of now.")


def _primary(experiment: Experiment, _at: datetime) -> Finding:
    found = experiment.metrics.filter(role=MetricRole.PRIMARY).first()
    if found is None or names_mechanics(found.definition.event or found.key):
        return Status.FAILED, _("No business metric decides.")
    return Status.PASSED, found.key


def _sized(experiment: Experiment, _at: datetime) -> Finding:
    if not (experiment.plan or {}).get("minimum_effect"):
        return Status.FAILED, _("The plan states no minimum effect: size it on the page Forecast.")
    return Status.PASSED, _("The plan is sized for its minimum effect.")


def _variants(experiment: Experiment, _at: datetime) -> Finding:
    count = experiment.variants.count()
    told = _("%(count)d variants, control included.") % {"count": count}
    return (Status.FAILED if count > MOST_VARIANTS_ALONE else Status.PASSED), told


def _audience(experiment: Experiment, _at: datetime) -> Finding:
    if experiment.audience_version is None:
        return Status.NOT_APPLICABLE, _("It has no audience: everybody whom another system asks about.")
    counted = newest_count(experiment)
    if counted is None:
        return Status.OPEN, _("Nobody has counted it for this experiment and its channels: do so on the page Audience.")
    if counted.left == 0:
        return Status.FAILED, _("Nobody is left to be asked.")
    return Status.PASSED, _("%(count)s customers can be asked.") % {"count": counted.left}


def _faults(experiment: Experiment, fault: Fault) -> list[tuple[str, Problem]]:
    """What is wrong in this way with which variant."""
    said = [
        (variant.name, channel, texts)
        for variant in experiment.variants.select_related("message") if variant.message
        for channel, texts in variant.message.said.items()
    ]  # fmt: skip
    found = [(name, one) for name, channel, texts in said for one in problems(texts, channel)]
    return [(name, one) for name, one in found if one.fault == fault]


def _told(faults: list[tuple[str, Problem]]) -> str:
    return " ".join(f"{name}: {one.sentence}" for name, one in faults)


def _tokens(experiment: Experiment, _at: datetime) -> Finding:
    faults = _faults(experiment, Fault.TOKEN)
    bare = dict.fromkeys(
        _("%(token)s in %(variant)s") % {"token": one.token, "variant": name} for name, one in faults if one.token
    )
    broken = _told([(name, one) for name, one in faults if not one.token])
    if bare:
        return Status.FAILED, (_("No fallback: %(tokens)s.") % {"tokens": ", ".join(bare)} + f" {broken}").strip()
    return (Status.FAILED, broken) if broken else (Status.PASSED, _("Every token has one."))


def _links(experiment: Experiment, _at: datetime) -> Finding:
    broken = _told(_faults(experiment, Fault.LINK))
    return (Status.FAILED, broken) if broken else (Status.PASSED, _("Every link is a whole address."))


def _unsubscribe(experiment: Experiment, _at: datetime) -> Finding:
    mails = experiment.variants.filter(message__contents__has_key=Channel.EMAIL)
    if not mails.exists():
        return Status.NOT_APPLICABLE, _("No variant is an e-mail.")
    if not Sending.objects.filter(experiment=experiment).exists():
        return Status.NOT_APPLICABLE, _("Another system sends, and puts the link under each message.")
    without = _told(_faults(experiment, Fault.UNSUBSCRIBE))
    return (Status.FAILED, without) if without else (Status.PASSED, _("Every e-mail has it."))


Check = Callable[[Experiment, datetime], Finding]
AUTOMATIC: Mapping[str, tuple[str | Promise, Check]] = {
    "hypothesis": (gettext_lazy("The hypothesis is whole"), _hypothesis),
    "roles": (gettext_lazy("Launch and analysis are in different hands"), _roles),
    "dates": (gettext_lazy("The dates are sound"), _dates),
    "primary": (gettext_lazy("A business metric decides"), _primary),
    "power": (gettext_lazy("Power is enough"), _sized),
    "variants": (gettext_lazy("At most five variants"), _variants),
    "audience": (gettext_lazy("The audience is not empty"), _audience),
    "tokens": (gettext_lazy("Tokens have fallbacks"), _tokens),
    "links": (gettext_lazy("Links are well formed"), _links),
    "unsubscribe": (gettext_lazy("Unsubscribe link in every e-mail"), _unsubscribe),
}
BY_HAND: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "seen": (gettext_lazy("Seen on a phone, dark and light"), gettext_lazy("Look at every variant, then tick it.")),
    "escalation": (
        gettext_lazy("Escalation plan"), gettext_lazy("Write who is called, when to pause, and how to roll back."),
    ),
}  # fmt: skip
WAIVABLE = {"power", "variants", "links", "seen"}
LASTING = {"variants"}  # a reason for many variants holds whatever they come to say
