"""The maturity index in words, as page and paper write it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.core.templatetags.formats import exact
from experiments.choices import AXIS_LABELS, FACTOR_LABELS, FACTOR_MEASURES, LEVEL_LABELS
from experiments.maturity import AXES, HIGHEST, Factor, Level
from experiments.reports.sentences import listed

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A factor as it is written: what it is, what members and data say, and whether that is its mark."""

    name: str
    measure: str
    rating: str
    measured: str
    mark: str
    is_at_mark: bool


def maturity_page(found: Mapping[str, Any]) -> dict[str, Any]:
    """The context for `maturity` of a document."""
    by_factor = {Factor(entry["factor"]): entry for entry in found["factors"]}
    return {
        "sentence": maturity_sentence(found),
        "missing": _missing(found),
        "basis": _basis(found),
        "axes": [
            (str(AXIS_LABELS[axis]), [_row(by_factor[factor], found) for factor in factors if factor in by_factor])
            for axis, factors in AXES.items()
        ],
    }


def maturity_sentence(found: Mapping[str, Any]) -> str:
    """Such as: Engagement maturity: accelerate (7 of 12 factors at their mark; 14 raters)."""
    values = {
        "level": str(LEVEL_LABELS[Level(found["level"])]).lower(),
        "count": sum(entry["is_at_mark"] for entry in found["factors"]),
        "whole": len(found["factors"]),
        "raters": ngettext("%(count)d rater", "%(count)d raters", found["raters"]) % {"count": found["raters"]},
    }
    return _("Engagement maturity: %(level)s (%(count)d of %(whole)d factors at their mark; %(raters)s).") % values


def mark_words(value: float, unit: str, *, is_ceiling: bool) -> str:
    """Such as: at least 80%, or: at most 60 days."""
    words = _("at most %(value)s") if is_ceiling else _("at least %(value)s")
    return words % {"value": measured_words(value, unit)}


def measured_words(value: float | None, unit: str) -> str:
    """A share in percent, days and counts as they are; an en dash where the data cannot tell."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.0f}%"
    if unit == "days":
        return ngettext("%(count)s day", "%(count)s days", round(value)) % {"count": exact(value)}
    return exact(value)


def _row(entry: Entry, found: Mapping[str, Any]) -> FactorRow:
    factor, unit = Factor(entry["factor"]), entry["unit"]
    return FactorRow(
        name=str(FACTOR_LABELS[factor]),
        measure=str(FACTOR_MEASURES[factor]),
        rating=_rating(entry, found),
        measured=measured_words(entry["measured"], unit),
        mark=mark_words(entry["mark"], unit, is_ceiling=entry["is_ceiling"]),
        is_at_mark=entry["is_at_mark"],
    )


def _rating(entry: Entry, found: Mapping[str, Any]) -> str:
    """The average with how many rated; while they are too few, how many there are."""
    count = entry["raters"]
    raters = ngettext("%(count)d rater", "%(count)d raters", count) % {"count": count}
    if entry["rating"] is None:
        return raters
    values = {"rating": f"{entry['rating']:.1f}", "highest": HIGHEST, "raters": raters}
    return _("%(rating)s of %(highest)d, %(raters)s") % values


def _missing(found: Mapping[str, Any]) -> str:
    open_ones = [str(FACTOR_LABELS[Factor(one["factor"])]) for one in found["factors"] if not one["is_at_mark"]]
    names = listed([f"“{name}”" for name in open_ones])
    return _("Missing for lead: %(names)s.") % {"names": names} if open_ones else ""


def _basis(found: Mapping[str, Any]) -> str:
    words = _(
        "A factor is at its mark when what the data tell is, and what members rate: %(mark)s of %(highest)d on "
        "average, told from %(least)d raters on. Lead takes all of them; accelerate half of each side."
    )
    return words % {"mark": exact(found["rating_mark"]), "highest": HIGHEST, "least": found["least_raters"]}
