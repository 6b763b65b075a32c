"""The rule editor as plain forms: rows of conditions in groups; a row fits its group, every group must fit.

So it can say any rule that is a conjunction of alternatives. Others, made over the API, are shown and edited as JSON.
"""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.core.errors import DomainError
from engagement.core.form_rows import Kind, Rows
from engagement.customers.audience_rules import RuleRefused, read
from engagement.customers.models import AudienceVersion

MOST_ROWS, SHOWN_ROWS = 12, 3
TRAIT_OPS = {
    "is": gettext_lazy("is"), "is_not": gettext_lazy("is not"), "contains": gettext_lazy("contains"),
    "above": gettext_lazy("is above"), "below": gettext_lazy("is below"), "is_set": gettext_lazy("is known"),
    "is_not_set": gettext_lazy("is not known"),
}  # fmt: skip
EVENT_OPS = {
    "count-at_least": gettext_lazy("happened at least … times"), "count-at_most": gettext_lazy("at most … times"),
    "sum-at_least": gettext_lazy("was worth at least …"), "sum-at_most": gettext_lazy("was worth at most …"),
    "days_since-at_most": gettext_lazy("happened in the last … days"),
    "days_since-at_least": gettext_lazy("has not happened for … days"),
}  # fmt: skip
NUMBERS = ("above", "below")


class ConditionForm(forms.Form):
    """One condition. What does not concern its kind stays empty."""

    group = forms.TypedChoiceField(
        label=gettext_lazy("Group"), coerce=int, choices=[(n, str(n)) for n in range(1, 7)], initial=1,
        help_text=gettext_lazy("One condition of each group must hold."),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=gettext_lazy("About"),
        choices=[("", "–"), ("trait", gettext_lazy("a trait")), ("event", gettext_lazy("an event")),
                 ("state", gettext_lazy("the customer state")), ("list", gettext_lazy("named customers"))],
        required=False,
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("Trait or event"), max_length=255, required=False,
    )  # fmt: skip
    op = forms.ChoiceField(
        label=gettext_lazy("Comparison"), required=False,
        choices=[("", "–"), (gettext_lazy("Trait"), list(TRAIT_OPS.items())),
                 (gettext_lazy("Event"), list(EVENT_OPS.items()))],
    )  # fmt: skip
    value = forms.CharField(
        label=gettext_lazy("Value"), max_length=5_000, required=False,
        help_text=gettext_lazy("States or customer ids with commas between."),
    )  # fmt: skip
    within_days = forms.IntegerField(
        label=gettext_lazy("In the last days"), min_value=1, max_value=3_650, required=False
    )
    negated = forms.BooleanField(label=gettext_lazy("Not so"), required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") and not self.errors:
            try:
                given["condition"] = condition(given)
                read(given["condition"])
            except (RuleRefused, ValueError) as error:
                raise forms.ValidationError(str(error)) from None
        return given

    def has_changed(self) -> bool:
        """A row about nothing is no row, whatever its group."""
        return bool(self.data.get(self.add_prefix("kind"))) if self.is_bound else super().has_changed()


def condition(given: Mapping[str, Any]) -> dict[str, Any]:
    """The condition a row stands for, as the tree has it."""
    made = _plain(given)
    return {"not": made} if given.get("negated") else made


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    kind, op, value = given["kind"], given.get("op", ""), given.get("value", "").strip()
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if kind == "state":
        return {"state": parts}
    if kind == "list":
        return {"list": parts}
    if kind == "event":
        of, _dash, compared = op.partition("-")
        made = {"event": given["name"], "of": of, "op": compared, "value": _number(value)}
        return {**made, "within_days": given["within_days"]} if given.get("within_days") else made
    if op in ("is_set", "is_not_set"):
        return {"trait": given["name"], "op": op}
    return {"trait": given["name"], "op": op, "value": _number(value) if op in NUMBERS else value}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(_("“%(text)s” is no number.") % {"text": text[:40]}) from None


CONDITIONS: Kind[ConditionForm] = Kind(ConditionForm, "condition", needed=1, shown=SHOWN_ROWS, most=MOST_ROWS)


class HeadForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)


class JsonForm(forms.Form):
    rule = forms.CharField(
        label=gettext_lazy("Rule as JSON"),
        widget=forms.Textarea({"rows": 12, "spellcheck": "false"}),
        max_length=200_000,
    )

    def clean_rule(self) -> Any:
        try:
            tree = json.loads(self.cleaned_data["rule"])
            read(tree)
        except json.JSONDecodeError as error:
            raise forms.ValidationError(_("Line %(line)d is no JSON.") % {"line": error.lineno}) from None
        except RuleRefused as error:
            raise forms.ValidationError(str(error)) from None
        return tree


class RuleDraft:
    """A rule being edited: by rows where it fits them, else as JSON."""

    def __init__(self, head: HeadForm, rows: Rows[ConditionForm], as_json: JsonForm | None, seen_version: int) -> None:
        self.head, self.rows, self.as_json, self.seen_version = head, rows, as_json, seen_version
        self.error, self.needs_name = "", False

    @classmethod
    def fresh(cls, version: AudienceVersion | None) -> "RuleDraft":
        initial = rows_of(version.rule) if version else []
        number = version.number if version else 0
        if initial is None and version is not None:
            text = json.dumps(version.rule, indent=1, ensure_ascii=False)
            return cls(HeadForm(), Rows.fresh(CONDITIONS), JsonForm(initial={"rule": text}), number)
        return cls(HeadForm(), Rows.fresh(CONDITIONS, initial or []), None, number)

    @classmethod
    def typed(cls, data: Mapping[str, Any]) -> "RuleDraft":
        head = HeadForm(initial={name: data.get(name, "") for name in HeadForm.base_fields})
        return cls(head, Rows.typed(CONDITIONS, data), None, _seen(data))

    @classmethod
    def judged(cls, data: Mapping[str, Any], *, needs_name: bool) -> "RuleDraft":
        as_json = JsonForm(data) if "rule" in data else None
        made = cls(HeadForm(data if needs_name else None), Rows.judged(CONDITIONS, data), as_json, _seen(data))
        made.needs_name = needs_name
        return made

    def is_valid(self) -> bool:
        judged = [self.as_json.is_valid() if self.as_json else self.rows.is_valid()]
        if self.needs_name:
            judged.append(self.head.is_valid())
        if self.as_json is None and judged[0] and not self._conditions():
            self.error = _("Add at least one condition.")
            return False
        return all(judged)

    @property
    def problem(self) -> str:
        """The first thing that keeps a judged rule from being one, as a sentence; empty when nothing does."""
        forms_ = [self.as_json] if self.as_json else self.rows.forms
        for number, form in enumerate(forms_, start=1):
            if said := next((str(error) for errors in form.errors.values() for error in errors), ""):
                return said if self.as_json else _("Condition %(number)d: %(said)s") % {"number": number, "said": said}
        return self.error

    def refuse(self, error: DomainError) -> None:
        if error.field == "name" and self.needs_name:
            self.head.add_error("name", str(error))
        else:
            self.error = str(error)

    @property
    def name(self) -> str:
        return str(self.head.cleaned_data["name"])

    @property
    def note(self) -> str:
        return str(self.head.cleaned_data["note"])

    def tree(self) -> Any:
        """Groups of alternatives, all of which must hold; alone, a group or condition stands for itself."""
        if self.as_json is not None:
            return self.as_json.cleaned_data["rule"]
        groups: dict[int, list[Any]] = {}
        for row in self._conditions():
            groups.setdefault(row["group"], []).append(row["condition"])
        parts = [found[0] if len(found) == 1 else {"any": found} for _group, found in sorted(groups.items())]
        return parts[0] if len(parts) == 1 else {"all": parts}

    def _conditions(self) -> list[dict[str, Any]]:
        return [row for row in self.rows.filled if "condition" in row]


def _seen(data: Mapping[str, Any]) -> int:
    text = str(data.get("seen_version", ""))
    return int(text) if text.isdecimal() else 0


def rows_of(tree: Any) -> list[dict[str, Any]] | None:
    """The rows that stand for a tree; None where rows cannot say it."""
    groups = tree["all"] if isinstance(tree, dict) and "all" in tree else [tree]
    rows: list[dict[str, Any]] = []
    for number, group in enumerate(groups, start=1):
        for part in group.get("any", [group]):
            row = _row(part)
            if row is None or number > 6:
                return None
            rows.append({"group": number, **row})
    return rows if len(rows) <= MOST_ROWS else None


def _row(part: dict[str, Any]) -> dict[str, Any] | None:
    negated = "not" in part
    leaf = part["not"] if negated else part
    if "trait" in leaf:
        row = {"kind": "trait", "name": leaf["trait"], "op": leaf["op"], "value": leaf.get("value", "")}
    elif "event" in leaf:
        row = {
            "kind": "event", "name": leaf["event"], "op": f"{leaf['of']}-{leaf['op']}", "value": leaf["value"],
            "within_days": leaf.get("within_days"),
        }  # fmt: skip
    elif "state" in leaf:
        row = {"kind": "state", "value": ", ".join(leaf["state"])}
    elif "list" in leaf:
        row = {"kind": "list", "value": ", ".join(leaf["list"])}
    else:
        return None
    return {**row, "negated": negated}
