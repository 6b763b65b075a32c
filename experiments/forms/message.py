"""A variant's message as somebody writes it: a field for each text of each channel."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy

from engagement.messaging.choices import Channel
from engagement.messaging.content import FIELDS, LONGEST, Contents, Field, Problem, clean, problems
from engagement.messaging.tokens import Place
from experiments.models import Variant

COUNTED = 300
ROWS = {Place.HTML: 12, Place.JSON: 8}


@dataclass(frozen=True, slots=True)
class Box:
    """One field on the page. `theirs`: what somebody else wrote there meanwhile, None where it is the same."""

    bound: forms.BoundField
    about: Field
    length: int
    problems: list[Problem]
    theirs: str | None = None

    @property
    def has_meter(self) -> bool:
        """Long texts are counted only where they are too long."""
        return self.about.good <= COUNTED or self.is_over

    @property
    def is_over(self) -> bool:
        return self.length > self.about.good


@dataclass(frozen=True, slots=True)
class Part:
    """A channel with its fields; open where something is said or asked for there."""

    channel: str
    label: str
    is_open: bool
    boxes: list[Box] = field(default_factory=list)


class MessageForm(forms.Form):
    """Named CHANNEL-FIELD. Nothing is refused here but what no message can hold: a draft may be wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for channel, fields in FIELDS.items():
            for one in fields:
                self.fields[f"{channel}-{one.name}"] = _field(one)

    @classmethod
    def of(cls, contents: Contents) -> Self:
        return cls(
            initial={f"{channel}-{name}": text for channel, said in contents.items() for name, text in said.items()}
        )

    def freeze(self) -> None:
        """To be read and previewed, no longer changed."""
        for one in self.fields.values():
            one.widget.attrs["readonly"] = True

    @property
    def contents(self) -> dict[str, dict[str, str]]:
        """As they are written, whether the form was sent or filled."""
        return clean(
            {
                channel: {one.name: str(self[f"{channel}-{one.name}"].value() or "") for one in fields}
                for channel, fields in FIELDS.items()
            }
        )

    def parts(self, *, traits: Collection[str] | None, theirs: Contents | None = None) -> Iterator[Part]:
        contents = self.contents
        for channel, fields in FIELDS.items():
            said, other = contents.get(channel, {}), (theirs or {}).get(channel, {})
            found = problems(said, channel, traits=traits) if said else []
            boxes = [
                Box(
                    self[f"{channel}-{one.name}"], one, len(said.get(one.name, "")),
                    [problem for problem in found if problem.field == one.name],
                    other.get(one.name, "") if theirs is not None and _differs(said, other, one.name) else None,
                )
                for one in fields
            ]  # fmt: skip
            yield Part(channel, str(Channel(channel).label), bool(said or other), boxes)


class CopyForm(forms.Form):
    """Another variant, which begins as a copy."""

    copy_of = forms.ModelChoiceField(
        Variant.objects.none(), label=gettext_lazy("Copy of"), empty_label=None, to_field_name="position"
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)

    def __init__(self, *args: Any, variants: Sequence[Variant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        experiments = {one.experiment_id for one in variants}
        queryset = Variant.objects.filter(experiment__in=experiments)
        self.fields["copy_of"].queryset = queryset  # type: ignore[attr-defined]


def _field(one: Field) -> forms.CharField:
    attributes: dict[str, Any] = {"dir": "auto", "data-good": one.good}
    if one.place in (Place.HTML, Place.TEXT, Place.JSON):
        widget: forms.Widget = forms.Textarea({**attributes, "rows": ROWS.get(one.place, 4)})
    else:
        widget = forms.TextInput(attributes)
    return forms.CharField(label=str(one.label), required=False, strip=False, max_length=LONGEST, widget=widget)


def _differs(mine: Mapping[str, str], theirs: Mapping[str, str], name: str) -> bool:
    return mine.get(name, "") != theirs.get(name, "")
