"""Lists of like rows in a form that works without script: some stand empty, more are asked for by a button."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django import forms

AnyForm = TypeVar("AnyForm", bound=forms.Form)
RowForm = TypeVar("RowForm", bound=forms.Form)


def as_typed(form: AnyForm, data: Mapping[str, Any]) -> AnyForm:
    """The unbound form with what was typed so far, not yet judged. What the page did not have keeps its default."""
    form.initial = {name: data[form.add_prefix(name)] for name in form.fields if form.add_prefix(name) in data}
    return form


@dataclass(frozen=True, slots=True)
class Kind(Generic[RowForm]):
    """What the rows of one list are. `needed` of `most` must be filled; a new page shows `shown`."""

    form_class: Callable[..., RowForm]
    prefix: str
    needed: int
    shown: int
    most: int

    def form(self, place: int, **options: Any) -> RowForm:
        """A row beyond the needed ones may stay as it came and is no row then."""
        is_needed = place < self.needed
        prefix = f"{self.prefix}-{place}"
        return self.form_class(
            prefix=prefix, empty_permitted=not is_needed, use_required_attribute=is_needed, **options
        )

    def count(self, data: Mapping[str, Any]) -> int:
        """How many rows the page had, one more if it asked for one."""
        text = str(data.get(f"{self.prefix}-rows", ""))
        had = int(text) if text.isdecimal() else self.needed
        return max(self.needed, min(had + (f"add_{self.prefix}" in data), self.most))


class Rows(Generic[RowForm]):
    """The rows of one page. `error` is a refusal that concerns them together."""

    def __init__(self, kind: Kind[RowForm], forms: Sequence[RowForm]) -> None:
        self.kind, self.forms, self.error = kind, forms, ""

    @classmethod
    def fresh(cls, kind: Kind[RowForm], initial: Sequence[dict[str, Any]] = ()) -> "Rows[RowForm]":
        known = {place: {"initial": values} for place, values in enumerate(initial)}
        return cls(kind, [kind.form(place, **known.get(place, {})) for place in range(max(kind.shown, len(initial)))])

    @classmethod
    def typed(cls, kind: Kind[RowForm], data: Mapping[str, Any]) -> "Rows[RowForm]":
        return cls(kind, [as_typed(kind.form(place), data) for place in range(kind.count(data))])

    @classmethod
    def judged(cls, kind: Kind[RowForm], data: Mapping[str, Any]) -> "Rows[RowForm]":
        return cls(kind, [kind.form(place, data=data) for place in range(kind.count(data))])

    def is_valid(self) -> bool:
        """Judges every row, so that each shows its own errors."""
        judged = [form.is_valid() for form in self.forms]
        return all(judged)

    @property
    def filled(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.forms if form.cleaned_data]

    @property
    def may_grow(self) -> bool:
        return len(self.forms) < self.kind.most
