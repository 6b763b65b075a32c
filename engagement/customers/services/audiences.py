"""Saving audiences and counting them: who matches, who falls out for what reason, who is left."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial, reduce
from hashlib import sha256
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers import queries
from engagement.customers.audience_rules import AllOf, Rule, RuleRefused, read
from engagement.customers.choices import SuppressionReason
from engagement.customers.models import Audience, AudienceCount, AudienceVersion
from engagement.customers.services.selecting import Ids, numbers, removed_by_part, select
from engagement.customers.wording import rule_words

DRAFT_JOB = "engagement.customers.services.audiences.draft_count_job"
DRAFTS_KEPT = timedelta(days=1)

# Given the customers that are still there, which of them fall out; with its name, in the order they are asked.
Reason = tuple[str, Callable[[Ids], np.ndarray]]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who would ask, and by what: every one of `channels` has to reach a customer.

    experiment, experiment_uid: empty where the audience is counted by itself. Customers left in peace of an experiment
    are listed under its key; its counts are kept under its uid, so that nobody else is shown them.
    further: what only upper floors know (holdouts, other experiments), asked after suppression and consent.
    others: who else talks to customers, and to which of them; keeps nobody out.
    """

    channels: Sequence[str] = ()
    experiment: str = ""
    experiment_uid: str = ""
    further: Sequence[Reason] = ()
    others: Sequence[Reason] = ()


ASKING_NOTHING = Asking()


def parsed(tree: Any) -> Rule:
    """The rule of a JSON tree; refused in one sentence."""
    try:
        return read(tree)
    except RuleRefused as error:
        raise InvalidInput(str(error), field="rule") from None


@transaction.atomic
def create(*, name: str, rule: Any, actor: Member | None, note: str = "") -> AudienceVersion:
    """A new audience with its first version."""
    require_writer(actor)
    parsed(rule)
    name = name.strip()
    if not name or Audience.objects.filter(name=name).exists():
        raise Conflict(_("An audience needs a name that no other has."), field="name")
    audience = Audience.objects.create(name=name, note=note.strip())
    audit.record(actor=actor, verb="saved audience", target=audience, after={"rule": rule})
    return _version(audience, 1, rule, actor)


@transaction.atomic
def change(*, audience: Audience, rule: Any, actor: Member | None, seen_version: int | None = None) -> AudienceVersion:
    """Another version; experiments go on with theirs. The same rule again makes none. `seen_version`: the number of the
    version that whoever changes it had before them."""
    require_writer(actor)
    parsed(rule)
    Audience.objects.select_for_update().get(pk=audience.pk)
    newest = audience.versions.first()
    if newest is not None and seen_version is not None and newest.number != seen_version:
        raise Conflict(_("Somebody else has changed this audience meanwhile. Look at theirs first."))
    if newest is not None and newest.rule == rule:
        return newest
    number = newest.number + 1 if newest else 1
    made = _version(audience, number, rule, actor)
    before = {"rule": newest.rule} if newest else {}
    audit.record(actor=actor, verb="changed audience", target=audience, before=before, after={"rule": rule})
    return made


def _version(audience: Audience, number: int, rule: Any, actor: Member | None) -> AudienceVersion:
    """What was counted of the rule while it was written is the version's from now on."""
    made = AudienceVersion.objects.create(audience=audience, number=number, rule=rule, made_by=actor)
    AudienceCount.objects.filter(version=None, digest=digest(rule)).update(version=made)
    return made


def digest(rule: Any) -> str:
    """The SHA-256 by which a rule is known that has no version; equal trees have equal ones."""
    return sha256(json.dumps(rule, sort_keys=True).encode()).hexdigest()


def count(*, version: AudienceVersion, asking: Asking = ASKING_NOTHING, at: datetime | None = None) -> AudienceCount:
    """Counts the version now and keeps the numbers.

    Each matching customer falls out at most once, for the first of: suppressed, without consent, then what is further.
    The parts and what is left add up to all that match.
    """
    return _counted(version.rule, version, asking, at or now())


def count_draft(*, rule: Any, asking: Asking = ASKING_NOTHING, at: datetime | None = None) -> AudienceCount:
    """Counts a rule that is not saved, as `count` does; what was counted so and never saved is forgotten in a day."""
    moment = at or now()
    AudienceCount.objects.filter(version=None, at__lt=moment - DRAFTS_KEPT).delete()
    return _counted(rule, None, asking, moment)


def _counted(tree: Any, version: AudienceVersion | None, asking: Asking, moment: datetime) -> AudienceCount:
    rule = parsed(tree)
    chosen = select(rule, at=moment, with_states=True)
    left = np.ones(len(chosen.customers), dtype=np.bool_)
    parts = []
    for name, falls_out in _reasons(asking, moment):
        out = np.zeros(len(left), dtype=np.bool_)
        out[left] = falls_out(chosen.customers[left])
        parts.append([name, int(out.sum())])
        left &= ~out
    reached = chosen.customers[left]
    others = Counter({name: int(talks_to(reached).sum()) for name, talks_to in asking.others})
    states = Counter(state for state, stays in zip(chosen.states, left, strict=True) if stays)
    return AudienceCount.objects.create(
        version=version, digest=digest(tree), experiment=asking.experiment_uid, channels=joined(asking.channels),
        at=moment, matching=len(left), parts=parts, left=int(left.sum()),
        left_by_state=dict(states), others=[[name, number] for name, number in others.most_common() if number],
        removed_most="" if len(left) else _removed_most(rule, moment),
    )  # fmt: skip


def reachable(*, version: AudienceVersion, asking: Asking = ASKING_NOTHING, at: datetime | None = None) -> Ids:
    """The numbers of the matching customers whom nothing keeps out, as `count` counts them."""
    moment = at or now()
    ids = select(parsed(version.rule), at=moment).customers
    for _name, falls_out in _reasons(asking, moment):
        ids = ids[~falls_out(ids)]
    return ids


def joined(channels: Sequence[str]) -> str:
    """Channels as a count keeps them."""
    return ",".join(sorted(channels))


def _reasons(asking: Asking, at: datetime) -> list[Reason]:
    found = _suppressed(asking, at)
    by_consent = [channel for channel in asking.channels if queries.needs_consent(channel)]
    if by_consent:
        allowing = reduce(np.intersect1d, [_customers(queries.consenting(channel=one)) for one in by_consent])
        found.append(("without_consent", lambda ids: ~np.isin(ids, allowing)))
    return [*found, *asking.further]


def _suppressed(asking: Asking, at: datetime) -> list[Reason]:
    """A reason for each for which somebody is left in peace; one that nobody falls out for where nobody is."""
    by_channel = [
        queries.suppressed(channel=channel, experiment=asking.experiment, at=at) for channel in asking.channels or ("",)
    ]
    found: list[Reason] = []
    for reason in SuppressionReason.values:
        left_alone = reduce(np.union1d, [_customers(rows.filter(reason=reason)) for rows in by_channel])
        if len(left_alone):
            found.append((f"suppressed_{reason}", partial(np.isin, test_elements=left_alone)))
    return found or [("suppressed", partial(np.isin, test_elements=[]))]


def _customers(rows: QuerySet[Any]) -> Ids:
    return numbers(rows.values_list("customer"))


def _removed_most(rule: Rule, at: datetime) -> str:
    parts = rule.parts if isinstance(rule, AllOf) else (rule,)
    removed = removed_by_part(rule, at=at)
    most = max(range(len(parts)), key=lambda place: removed[place])
    words = _("“%(condition)s” leaves out %(count)s customers.")
    return (words % {"condition": rule_words(parts[most]), "count": f"{removed[most]:,}"})[:300]


def count_job(*, progress: Progress, version_id: int, channel: str = "") -> tuple[str, str]:
    """Counts a saved version; the page starts it and shows the newest numbers until it is done."""
    version = AudienceVersion.objects.select_related("audience").get(pk=version_id)
    progress.doing(_("Counting “%(name)s”") % {"name": version.audience})
    made = count(version=version, asking=Asking(channels=[channel] if channel else []))
    return told(made), reverse("audience", args=[version.audience_id])


def ask_draft_count(*, rule: Any, channel: str, actor: Member) -> Job:
    """The job that counts a rule while somebody writes it. What they asked for before and no worker has begun is
    withdrawn: only the rule as it is now is worth the work."""
    require_writer(actor)
    parsed(rule)
    jobs.withdraw(DRAFT_JOB, asked_by=actor, because=_("A newer rule is counted instead."))
    return jobs.enqueue(DRAFT_JOB, label=_("Counting the rule"), asked_by=actor, rule=rule, channel=channel)


def draft_count_job(*, progress: Progress, rule: Any, channel: str = "") -> tuple[str, str]:
    """Counts a rule that is not saved; the editor starts it whenever somebody pauses."""
    progress.doing(_("Counting the rule"))
    return told(count_draft(rule=rule, asking=Asking(channels=[channel] if channel else []))), ""


def told(made: AudienceCount) -> str:
    """A fresh count as the sentence its job ends in."""
    sentence = _("%(left)s of %(matching)s matching customers can be asked.")
    return sentence % {"left": f"{made.left:,}", "matching": f"{made.matching:,}"}
