"""What variants say, beside each other: differences against control, levers, problems, lengths."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from engagement.messaging import differences
from engagement.messaging.choices import Channel
from engagement.messaging.content import FIELDS, Contents, Fault, Field, Problem, problems
from experiments.models import Variant
from experiments.reports.sentences import listed

LEVERS = {
    "channel": gettext_lazy("channel"),
    "content": gettext_lazy("content"),
    "destination": gettext_lazy("where it leads"),
}
BLOCKING = (Fault.TOKEN, Fault.LINK)
SHOWN = 160
SIZES = ((260, "s"), (400, "m"), (580, "l"))


@dataclass(frozen=True, slots=True)
class Said:
    """What is wrong with one field of a variant, and whether it stands in the way of the launch."""

    channel: str
    field: str
    problem: Problem
    is_blocking: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A variant as the page shows it; `size` is how much room its preview needs."""

    variant: Variant
    contents: Contents
    summary: str
    levers: str
    problems: list[Said]
    size: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What a variant says in one place, None where it is as in control; `length` of what is short enough to count."""

    name: str
    text: str | None
    length: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A field or paragraph in which some variant differs; a cell per variant."""

    label: str
    cells: list[Cell]


def contents_of(variant: Variant) -> Contents:
    return variant.message.said if variant.message else {}


def field_label(channel: str, one: Field) -> str:
    return _("%(channel)s: %(field)s") % {"channel": Channel(channel).label, "field": one.label}


def columns(variants: Sequence[Variant], *, traits: Collection[str] | None, is_sent_here: bool = False) -> list[Column]:
    """A column a variant. `is_sent_here`: this site sends the mails, so that each needs its link to unsubscribe."""
    control = contents_of(variants[0]) if variants else {}
    blocking = {*BLOCKING, Fault.UNSUBSCRIBE} if is_sent_here else {*BLOCKING}
    return [_column(one, control, traits, blocking) for one in variants]


def _column(variant: Variant, control: Contents, traits: Collection[str] | None, blocking: Collection[Fault]) -> Column:
    contents = contents_of(variant)
    moved = [str(LEVERS[one]) for one in differences.levers(control, contents)]
    levers = ""
    if len(moved) > 1:
        sentence = _("%(count)d levers at once: %(levers)s. The cause of a difference will be unclear.")
        levers = sentence % {"count": len(moved), "levers": ", ".join(moved)}
    return Column(
        variant,
        contents,
        _summary(variant, control, contents, moved),
        levers,
        faults(contents, traits, blocking),
        _size(contents),
    )


def faults(contents: Contents, traits: Collection[str] | None, blocking: Collection[Fault]) -> list[Said]:
    """What is wrong, in the order of channels and fields; what blocks the launch first."""
    found = [
        Said(str(Channel(channel).label), _named(channel, one.field), one, one.fault in blocking)
        for channel, said in contents.items()
        for one in problems(said, channel, traits=traits)
    ]
    return sorted(found, key=lambda one: not one.is_blocking)


def _named(channel: str, name: str) -> str:
    return next(str(one.label) for one in FIELDS[channel] if one.name == name)


def _summary(variant: Variant, control: Contents, contents: Contents, moved: Sequence[str]) -> str:
    if variant.is_control:
        return (
            _("What the others are compared with.") if contents else _("No message: what the others are compared with.")
        )
    changed = differences.changed(control, contents)
    if not changed:
        return _("Says the same as control.")
    if not control or not contents:
        return _("A message against none.")
    count = len(changed)
    sentence = ngettext(
        "Differs from control in %(count)d field: %(fields)s.", "Differs from control in %(count)d fields: %(fields)s.",
        count,
    )  # fmt: skip
    text = sentence % {"count": count, "fields": _grouped(changed)}
    return f"{text} {_('One lever: %(lever)s.') % {'lever': moved[0]}}" if len(moved) == 1 else text


def _grouped(changed: Sequence[tuple[str, Field]]) -> str:
    """Such as “E-mail (Subject, Text), Push (Title)”."""
    names: dict[str, list[str]] = {}
    for channel, one in changed:
        names.setdefault(str(Channel(channel).label), []).append(str(one.label))
    return ", ".join(f"{channel} ({', '.join(fields)})" for channel, fields in names.items())


def _size(contents: Contents) -> str:
    """By the lines that its texts take in a narrow column."""
    height = 0
    for channel, said in contents.items():
        for one in FIELDS[channel]:
            parts = differences.paragraphs(said.get(one.name, ""), one.place)
            height += sum(10 + 22 * (1 + len(part) // 38) for part in parts)
        height += 300 if channel == Channel.PUSH else 110
    return next((name for most, name in SIZES if height <= most), "xl")


def table(variants: Sequence[Variant]) -> list[Row]:
    """The fields, of long ones the paragraphs, in which any variant differs from control."""
    said, names = [contents_of(one) for one in variants], [one.name for one in variants]
    rows: list[Row] = []
    for channel, fields in FIELDS.items():
        for one in fields:
            texts = [contents.get(channel, {}).get(one.name, "") for contents in said]
            if any(text != texts[0] for text in texts):
                rows += _long(channel, one, texts, names) if one.is_long else [_short(channel, one, texts, names)]
    return rows


def _short(channel: str, one: Field, texts: Sequence[str], names: Sequence[str]) -> Row:
    cells = [
        Cell(name, None if place and text == texts[0] else text, _length(one, text))
        for place, (name, text) in enumerate(zip(names, texts, strict=True))
    ]
    return Row(field_label(channel, one), cells)


def _length(one: Field, text: str) -> str:
    if not text or one.lever == "destination":
        return ""
    return _("%(count)d of %(good)d characters") % {"count": len(text), "good": one.good}


def _long(channel: str, one: Field, texts: Sequence[str], names: Sequence[str]) -> list[Row]:
    control, *others = texts
    lines = differences.paragraphs(control, one.place)
    beside = [differences.aligned(lines, differences.paragraphs(text, one.place)) for text in others]
    label = field_label(channel, one)
    numbered = _("%(field)s, paragraph %(number)d") if len(lines) > 1 else "%(field)s"
    rows: list[tuple[str, list[str | None]]] = [
        (numbered % {"field": label, "number": number + 1}, [line, *(cells[number] for cells in beside)])
        for number, line in enumerate(lines or [""])
        if any(cells[number] is not None for cells in beside)
    ]
    if not rows:
        rows = [(label, [_("as it is"), *(None if text == control else _("other markup") for text in others)])]
    return [
        Row(label, [Cell(name, text and _cut(text)) for name, text in zip(names, cells, strict=True)])
        for label, cells in rows
    ]


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN].rstrip()} …"


def headline(found: Sequence[Column]) -> tuple[str, str]:
    """Two sentences: which variants on which channels, and what stands in the way."""
    names = {channel for one in found for channel in one.contents}
    channels = [str(Channel(channel).label).lower() for channel in Channel.values if channel in names]
    count = len(found) - 1
    where = _("on %(channels)s") % {"channels": listed(channels)} if channels else _("without a message")
    first = ngettext("Control and %(count)d variant %(where)s.", "Control and %(count)d variants %(where)s.", count)
    bare = len({(one.variant.pk, said.problem.token) for one in found for said in one.problems if said.problem.token})
    other = sum(said.is_blocking and not said.problem.token for one in found for said in one.problems)
    main = []
    if bare:
        main.append(ngettext("%(n)d token has no fallback.", "%(n)d tokens have no fallback.", bare) % {"n": bare})
    if other:
        main.append(
            ngettext("%(n)d text keeps the launch back.", "%(n)d texts keep the launch back.", other) % {"n": other}
        )
    return first % {"count": count, "where": where}, " ".join(main)
