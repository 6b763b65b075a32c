"""What the variants of a plan say, and how many there are. Any change lets the launch's approval lapse."""

from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from engagement.accounts.models import AuditEntry, Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.errors import Conflict, InvalidInput
from engagement.messaging.content import FIELDS, LONGEST, Contents, clean
from engagement.messaging.models import Message
from experiments.choices import STATE_LABELS
from experiments.lifecycle import PLANNED, State
from experiments.models import Experiment, Variant
from experiments.services import checklist
from experiments.services.plans import FEWEST_VARIANTS, MOST_VARIANTS

MOST_WITHOUT_REASON = checklist.MOST_VARIANTS_ALONE
KEPT_IN_TRAIL = 5_000


class ChangedMeanwhile(Conflict):
    """Somebody saved another text after this one was opened: both are there, and whoever saves again chooses."""

    def __init__(self, message: Message, by: str) -> None:
        self.theirs: dict[str, dict[str, str]] = message.contents
        self.version = message.version
        sentence = _("%(name)s has changed this message since you opened it. Both texts are below: nothing is lost.")
        super().__init__(sentence % {"name": by or _("Somebody else")})


@transaction.atomic
def save(*, variant: Variant, contents: Contents, seen_version: int, actor: Member) -> Variant:
    """Gives the variant these contents. `seen_version`: of the message that whoever changed it had before them, 0 for
    none; another one meanwhile is `ChangedMeanwhile`, unless it says the same."""
    require_writer(actor)
    experiment = _planned(variant.experiment)
    variant = experiment.variants.select_related("message").get(pk=variant.pk)
    _check_names(contents)
    said, message = clean(contents), variant.message
    if any(len(text) > LONGEST for texts in said.values() for text in texts.values()):
        raise InvalidInput(_("A text has at most %(most)s characters.") % {"most": f"{LONGEST:,}"})
    before = message.contents if message else {}
    if said == before:
        return variant
    if seen_version != (message.version if message else 0):
        raise ChangedMeanwhile(message or Message(contents={}, version=0), _changed_by(experiment))
    if message is None:
        variant.message = Message.objects.create(contents=said)
        variant.save(update_fields=["message"])
    else:
        message.contents, message.version = said, message.version + 1
        message.save()
    was, now_is = _flat(variant, before), _flat(variant, said)
    differing = [name for name in {**was, **now_is} if was.get(name) != now_is.get(name)]
    audit.record(
        actor=actor, verb="changed message", target=experiment,
        before={name: was.get(name, "") for name in differing},
        after={name: now_is.get(name, "") for name in differing},
    )  # fmt: skip
    return variant


@transaction.atomic
def add(*, experiment: Experiment, copy_of: Variant, name: str, actor: Member) -> Variant:
    """A copy of a variant under another name; all shares shrink alike to make room for an equal one.

    The sixth asks for a second member's reason, which is a waiver on the checklist.
    """
    require_writer(actor)
    experiment = _planned(experiment)
    variants, name = list(experiment.variants.select_related("message")), name.strip()
    source = next(one for one in variants if one.pk == copy_of.pk)
    if not name or name.casefold() in {one.name.casefold() for one in variants}:
        raise InvalidInput(_("Give the variant a name that no other has."), field="name")
    if len(variants) >= MOST_VARIANTS:
        raise Conflict(_("An experiment compares 2 to 10 variants, control included."))
    if len(variants) >= MOST_WITHOUT_REASON and not checklist.may_have_many(experiment):
        raise Conflict(_("A sixth variant needs a second member's reason: each one more makes every answer weaker."))
    _divide(variants, len(variants) / (len(variants) + 1))
    contents = source.message.contents if source.message else {}
    made = Variant.objects.create(
        experiment=experiment, key=_free_key(name, variants), name=name, position=variants[-1].position + 1,
        share=1 / (len(variants) + 1), message=Message.objects.create(contents=contents) if contents else None,
    )  # fmt: skip
    audit.record(actor=actor, verb="changed variants", target=experiment, after={"added": name, "copy of": source.name})
    return made


@transaction.atomic
def remove(*, variant: Variant, actor: Member) -> None:
    """Takes a variant out of the plan, never control; the others share what it had."""
    require_writer(actor)
    experiment = _planned(variant.experiment)
    variants = list(experiment.variants.all())
    variant = next(one for one in variants if one.pk == variant.pk)
    if variant.is_control or len(variants) <= FEWEST_VARIANTS:
        raise Conflict(_("Control stays, and at least one variant beside it."))
    message = variant.message
    variant.delete()
    if message is not None:
        message.delete()
    left = [one for one in variants if one.position != variant.position]
    for place, one in enumerate(left):
        one.position = place
    _divide(left, 1 / (1 - variant.share))
    said = _flat(variant, message.contents) if message else {}
    audit.record(
        actor=actor, verb="changed variants", target=experiment, before={"removed": variant.name, **said}, after={}
    )


def _planned(experiment: Experiment) -> Experiment:
    """Locked, so that the texts of a plan change one after the other; refused after the launch."""
    found = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if found.state not in PLANNED:
        state = str(STATE_LABELS[State(found.state)]).lower()
        raise Conflict(_("The variants are frozen: the experiment is %(state)s.") % {"state": state})
    if found.follows_dates:
        raise Conflict(_("Its plan comes from a file: change it there and load it again."))
    return found


def _check_names(contents: Contents) -> None:
    for channel, said in contents.items():
        unknown = set(said) - {one.name for one in FIELDS.get(channel, ())}
        if channel not in FIELDS or unknown:
            named = next(iter(sorted(unknown)), channel) if channel in FIELDS else channel
            raise InvalidInput(_("A message has no “%(name)s”.") % {"name": named[:80]}, field="contents")


def _divide(variants: list[Variant], factor: float) -> None:
    for one in variants:
        one.share *= factor
        one.save(update_fields=["share", "position"])


def _free_key(name: str, variants: list[Variant]) -> str:
    taken, base = {one.key for one in variants}, slugify(name)[:90] or "variant"
    return next(key for key in (base, *(f"{base}-{number}" for number in range(2, 20))) if key not in taken)


def _flat(variant: Variant, contents: Contents) -> dict[str, Any]:
    """As the trail keeps it: a line a field."""
    return {
        f"{variant.name}, {channel}, {name}": text if len(text) <= KEPT_IN_TRAIL else f"{text[:KEPT_IN_TRAIL]}…"
        for channel, texts in contents.items()
        for name, text in texts.items()
    }


def _changed_by(experiment: Experiment) -> str:
    entries = AuditEntry.objects.filter(target_type="experiment", target_id=str(experiment.pk))
    return entries.filter(verb="changed message").order_by("-pk").values_list("actor_name", flat=True).first() or ""
