"""What differs between two revisions of a report, as sentences."""

from typing import Any

from django.utils.translation import gettext as _

from engagement.core.templatetags.formats import signed_percent
from experiments.choices import LEVEL_LABELS
from experiments.maturity import Level
from experiments.reports.quarterly.aims import aim_words
from experiments.reports.wording import metric_name


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """One sentence a difference, in the order of the page: title, learnings, decisions, programme, goals, the rest."""
    return [
        *_words(before, after),
        *_decisions(before, after),
        *_programme(before, after),
        *_goals(before, after),
        *_contacts(before, after),
        *_maturity(before, after),
        *_listed(before, after, "asks", "text", _("ask")),
        *_listed(before, after, "launched", "name", _("launched experiment")),
    ]


def _words(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    found = []
    if before["title"] != after["title"]:
        found.append(_("The title was “%(before)s”.") % {"before": before["title"] or _("none")})
    texts = [{one["text"] for one in side["learnings"]} for side in (before, after)]
    found += [_("This learning was taken out: “%(text)s”") % {"text": text} for text in sorted(texts[0] - texts[1])]
    found += [_("This learning is new: “%(text)s”") % {"text": text} for text in sorted(texts[1] - texts[0])]
    return found


def _decisions(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    found = _listed(before, after, "decisions", "name", _("decision"))
    earlier = {row["experiment"]: row for row in before["decisions"]}
    for row in after["decisions"]:
        old = earlier.get(row["experiment"])
        if old is None or old["effect"] == row["effect"]:
            continue
        values = {"name": row["name"], "before": _effect(old["effect"]), "after": _effect(row["effect"])}
        found.append(_("The effect of “%(name)s” was %(before)s and is %(after)s.") % values)
    return found


def _effect(effect: dict[str, Any] | None) -> str:
    if effect is None or effect["lift"] is None:
        return _("none")
    ends = {name: signed_percent(effect[name]) for name in ("lift", "lift_low", "lift_high")}
    return _("%(lift)s (%(lift_low)s to %(lift_high)s)") % ends


def _programme(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    earlier = {entry["metric"]: entry for entry in before["programme"]}
    found = []
    for entry in after["programme"]:
        old = earlier.get(entry["metric"])
        if old is not None and old["rows"] != entry["rows"]:
            pair = [signed_percent(side["rows"][side["headline"]]["lift"]) for side in (old, entry)]
            values = {"metric": metric_name(entry["metric"]), "before": pair[0], "after": pair[1]}
            found.append(_("The effect on %(metric)s was %(before)s and is %(after)s.") % values)
    return found


def _goals(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Nothing where the earlier revision knew of none."""
    if "goals" not in before:
        return []
    found = _listed(before, after, "goals", "name", _("goal"))
    earlier = {goal["id"]: goal for goal in before["goals"]}
    for goal in after["goals"]:
        pair = [aim_words(side) for side in (earlier.get(goal["id"], goal), goal)]
        if pair[0] != pair[1]:
            values = {"name": goal["name"], "before": pair[0], "after": pair[1]}
            found.append(_("The aim of “%(name)s” was %(before)s and is %(after)s.") % values)
    return found


def _contacts(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """How many messages a customer had in a week at most, of nineteen in twenty; nothing where either knew of none."""
    sides = [side.get("contacts", {}).get("now") for side in (before, after)]
    if None in sides or sides[0]["p95"] == sides[1]["p95"]:
        return []
    values = {"before": sides[0]["p95"], "after": sides[1]["p95"]}
    return [_("Messages per customer and week, 95th percentile, were %(before)s and are %(after)s.") % values]


def _maturity(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Nothing where the earlier revision knew of none."""
    levels = [side["maturity"]["level"] for side in (before, after) if "maturity" in side]
    if len(set(levels)) < 2:
        return []
    names = [str(LEVEL_LABELS[Level(one)]).lower() for one in levels]
    return [_("Engagement maturity was %(before)s and is %(after)s.") % {"before": names[0], "after": names[1]}]


def _listed(before: dict[str, Any], after: dict[str, Any], part: str, name: str, what: str) -> list[str]:
    names = [{row[name] for row in side[part]} for side in (before, after)]
    gone = [_("This %(what)s was taken out: “%(name)s”.") % {"what": what, "name": one} for one in names[0] - names[1]]
    new = [_("This %(what)s is new: “%(name)s”.") % {"what": what, "name": one} for one in names[1] - names[0]]
    return sorted(gone) + sorted(new)
