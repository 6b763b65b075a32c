"""Changing members, pods and the workspace."""

from collections.abc import Iterable
from itertools import chain, count
from string import Formatter
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from engagement.accounts import rules
from engagement.accounts.choices import Role
from engagement.accounts.models import Member, Pod, Workspace
from engagement.accounts.services import audit
from engagement.core.errors import Conflict, InvalidInput

NAMING_SLOTS = {"quarter", "pod", "channel", "title"}


@transaction.atomic
def change_workspace(*, workspace: Workspace, actor: Member, **values: Any) -> Workspace:
    rules.require_administrator(actor)
    if "naming_pattern" in values:
        _require_usable_pattern(values["naming_pattern"])
    before, after = audit.changed(workspace, values)
    for name, value in values.items():
        setattr(workspace, name, value)
    workspace.full_clean()
    workspace.save()
    if after:
        audit.record(actor=actor, verb="changed", target=workspace, before=before, after=after)
    return workspace


@transaction.atomic
def add_member(
    *,
    email: str,
    name: str,
    role: str,
    discipline: str,
    actor: Member | None,
    password: str | None = None,
    is_demonstration: bool = False,
) -> Member:
    """A new member without an invitation; without a password they cannot sign in until they are given one."""
    rules.require_administrator(actor)
    if Member.objects.filter(email__iexact=email).exists():
        raise InvalidInput(_("%(email)s is a member already.") % {"email": email}, field="email")
    member = Member.objects.create_user(
        email, password, name=name, role=role, discipline=discipline, is_demonstration=is_demonstration
    )
    audit.record(actor=actor, verb="added", target=member, after={"role": role, "discipline": discipline})
    return member


@transaction.atomic
def save_pod(*, pod: Pod | None, name: str, outcome: str, members: Iterable[Member], actor: Member) -> Pod:
    """Creates the pod, or changes the given one."""
    rules.require_administrator(actor)
    before = {} if pod is None else {"name": pod.name, "outcome": pod.outcome, "members": _names(pod.members.all())}
    pod = pod or Pod(slug=_free_slug(name))
    pod.name, pod.outcome = name, outcome
    try:
        with transaction.atomic():
            pod.save()
    except IntegrityError as error:
        raise InvalidInput(_("There is a pod of that name already."), field="name") from error
    pod.members.set(members)
    after = {"name": name, "outcome": outcome, "members": _names(pod.members.all())}
    audit.record(actor=actor, verb="changed" if before else "created", target=pod, before=before, after=after)
    return pod


@transaction.atomic
def change_member(*, member: Member, role: str, discipline: str, is_active: bool, actor: Member) -> Member:
    """Changes what an administrator decides about a member; the last administrator stays one."""
    rules.require_administrator(actor)
    administrators = Member.objects.select_for_update().filter(role=Role.ADMINISTRATOR, is_active=True)
    stays = role == Role.ADMINISTRATOR and is_active
    if member.is_administrator and not stays and set(administrators.values_list("pk", flat=True)) == {member.pk}:
        raise Conflict(_("%(name)s is the only administrator. Make somebody else one first.") % {"name": member})
    values = {"role": role, "discipline": discipline, "is_active": is_active}
    before, after = audit.changed(member, values)
    Member.objects.filter(pk=member.pk).update(**values)
    if after:
        audit.record(actor=actor, verb="changed", target=member, before=before, after=after)
    member.refresh_from_db()
    return member


@transaction.atomic
def change_profile(*, member: Member, **values: Any) -> Member:
    """What members decide about themselves: name, colours, time zone, shortcuts, digest. A new name is traced."""
    before, after = audit.changed(member, {name: value for name, value in values.items() if name == "name"})
    for name, value in values.items():
        setattr(member, name, value)
    member.save(update_fields=list(values))
    if after:
        audit.record(actor=member, verb="changed", target=member, before=before, after=after)
    return member


def _require_usable_pattern(pattern: str) -> None:
    """Plain slots only: a format such as {title.attr} or {title:>9} would reach into the values, or reshape them."""
    try:
        parts = [
            (slot, spec, conversion) for _text, slot, spec, conversion in Formatter().parse(pattern) if slot is not None
        ]
    except ValueError:
        parts = [("", "", None)]
    if any(slot not in NAMING_SLOTS or spec or conversion for slot, spec, conversion in parts):
        raise InvalidInput(_("Only {quarter}, {pod}, {channel} and {title} can be filled in."), field="naming_pattern")
    if "title" not in {slot for slot, _spec, _conversion in parts}:
        raise InvalidInput(_("Without {title} two experiments would get the same name."), field="naming_pattern")


def _free_slug(name: str) -> str:
    """The pod's address: from its name where that has Latin letters, numbered where another pod has it."""
    slug = slugify(name)[:70] or "pod"
    taken = set(Pod.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    return next(free for free in chain([slug], (f"{slug}-{number}" for number in count(2))) if free not in taken)


def _names(members: Iterable[Member]) -> list[str]:
    return sorted(member.name for member in members)
