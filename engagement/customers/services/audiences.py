"""Saving audiences and counting them: who matches, who falls out for what reason, who is left."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers import queries
from engagement.customers.audience_rules import AllOf, Rule, RuleRefused, read
from engagement.customers.models import Audience, AudienceCount, AudienceVersion
from engagement.customers.services.selecting import Ids, numbers, removed_by_part, select
from engagement.customers.wording import rule_words

# Given the customers that are still there, which of them fall out; with its name, in the order they are asked.
Reason = tuple[str, Callable[[Ids], np.ndarray]]


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
    return AudienceVersion.objects.create(audience=audience, number=1, rule=rule, made_by=actor)


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
    made = AudienceVersion.objects.create(audience=audience, number=number, rule=rule, made_by=actor)
    before = {"rule": newest.rule} if newest else {}
    audit.record(actor=actor, verb="changed audience", target=audience, before=before, after={"rule": rule})
    return made


def count(
    *, version: AudienceVersion, channel: str = "", topic: str = "", at: datetime | None = None,
    further: Sequence[Reason] = (),
) -> AudienceCount:  # fmt: skip
    """Counts the version now and keeps the numbers.

    Each matching customer falls out at most once, for the first of: suppressed, without consent, then `further` in
    its order (upper floors know holdouts and experiments). The parts and what is left add up to all that match.
    """
    moment, rule = at or now(), parsed(version.rule)
    chosen = select(rule, at=moment, with_states=True)
    left = np.ones(len(chosen.customers), dtype=np.bool_)
    parts = []
    for name, falls_out in (*_reasons(channel, topic, moment), *further):
        out = np.zeros(len(left), dtype=np.bool_)
        out[left] = falls_out(chosen.customers[left])
        parts.append([name, int(out.sum())])
        left &= ~out
    states = Counter(state for state, stays in zip(chosen.states, left, strict=True) if stays)
    return AudienceCount.objects.create(
        version=version, channel=channel, at=moment, matching=len(left), parts=parts, left=int(left.sum()),
        left_by_state=dict(states), removed_most="" if len(left) else _removed_most(rule, moment),
    )  # fmt: skip


def reachable(
    *, version: AudienceVersion, channel: str = "", topic: str = "", at: datetime | None = None,
    further: Sequence[Reason] = (),
) -> Ids:  # fmt: skip
    """The numbers of the matching customers whom nothing keeps out, as `count` counts them."""
    moment = at or now()
    ids = select(parsed(version.rule), at=moment).customers
    for _name, falls_out in (*_reasons(channel, topic, moment), *further):
        ids = ids[~falls_out(ids)]
    return ids


def _reasons(channel: str, topic: str, at: datetime) -> list[Reason]:
    suppressed = _customers(queries.suppressed(channel=channel, topic=topic, at=at))
    found: list[Reason] = [("suppressed", lambda ids: np.isin(ids, suppressed))]
    if channel and queries.needs_consent(channel):
        allowing = _customers(queries.consenting(channel=channel, topic=topic))
        found.append(("without_consent", lambda ids: ~np.isin(ids, allowing)))
    return found


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
    made = count(version=version, channel=channel)
    told = _("%(left)s of %(matching)s matching customers can be asked.")
    return told % {"left": f"{made.left:,}", "matching": f"{made.matching:,}"}, reverse(
        "audience", args=[version.audience_id]
    )
