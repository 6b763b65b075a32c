"""Audience rules in words."""

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.customers.audience_rules import AllOf, AnyOf, EventWas, InList, Not, Rule, StateIs, TraitIs
from engagement.customers.choices import SuppressionReason

TRAIT_WORDS = {
    "is": gettext_lazy("%(trait)s is %(value)s"),
    "is_not": gettext_lazy("%(trait)s is not %(value)s"),
    "contains": gettext_lazy("%(trait)s contains %(value)s"),
    "above": gettext_lazy("%(trait)s is above %(value)s"),
    "below": gettext_lazy("%(trait)s is below %(value)s"),
    "is_set": gettext_lazy("%(trait)s is known"),
    "is_not_set": gettext_lazy("%(trait)s is not known"),
}
EVENT_WORDS = {
    ("count", "at_least"): gettext_lazy("%(event)s at least %(value)s times%(within)s"),
    ("count", "at_most"): gettext_lazy("%(event)s at most %(value)s times%(within)s"),
    ("sum", "at_least"): gettext_lazy("%(event)s worth at least %(value)s%(within)s"),
    ("sum", "at_most"): gettext_lazy("%(event)s worth at most %(value)s%(within)s"),
    ("days_since", "at_least"): gettext_lazy("no %(event)s for %(value)s days, or never"),
    ("days_since", "at_most"): gettext_lazy("%(event)s in the last %(value)s days"),
}
PART_LABELS = {
    "suppressed": gettext_lazy("On a suppression list"),
    **{
        f"suppressed_{reason.value}": format_lazy(
            "{what}: {why}", what=gettext_lazy("On a suppression list"), why=reason.label
        )
        for reason in SuppressionReason
    },
    "without_consent": gettext_lazy("Without consent"),
    "over_cap": gettext_lazy("Over the frequency cap"),
    "holdout": gettext_lazy("In the holdout"),
    "other_experiment": gettext_lazy("In another experiment of the exclusion group"),
}


def rule_words(rule: Rule) -> str:
    """Such as “plan is gold and (order at least 2 times in 30 days or core)”."""
    return _words(rule, is_inner=False)


def _words(rule: Rule, *, is_inner: bool) -> str:
    match rule:
        case AllOf(parts) | AnyOf(parts):
            glue = _(" and ") if isinstance(rule, AllOf) else _(" or ")
            text = glue.join(_words(part, is_inner=len(parts) > 1) for part in parts)
            return f"({text})" if is_inner and len(parts) > 1 else text
        case Not(part):
            return _("not (%(rule)s)") % {"rule": _words(part, is_inner=False)}
        case TraitIs():
            value = _number(rule.value) if isinstance(rule.value, float) else rule.value
            return str(TRAIT_WORDS[rule.op]) % {"trait": rule.trait, "value": value}
        case EventWas():
            within = _(" in %(days)d days") % {"days": rule.within_days} if rule.within_days else ""
            words = {"event": rule.event, "value": _number(rule.value), "within": within}
            return str(EVENT_WORDS[rule.of, rule.op]) % words
        case StateIs(states):
            return _(" or ").join(states)
        case InList(ids):
            return _("one of %(count)d named customers") % {"count": len(ids)}


def _number(value: float) -> str:
    return f"{value:g}"
