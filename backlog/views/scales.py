"""The three scales of a ballot, as a page shows them."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from backlog.choices import ANCHORS, REACH, SCALE_QUESTIONS, Scale, best_grade
from backlog.forms import BallotForm
from backlog.models import Evidence


def scales_shown(form: BallotForm, *, has_keys: bool) -> list[dict[str, Any]]:
    return [{**_scale(form, scale, has_keys=has_keys), **_reach(form, scale)} for scale in Scale]


def _scale(form: BallotForm, scale: Scale, *, has_keys: bool) -> dict[str, Any]:
    return {
        "name": scale.value,
        "label": scale.label,
        "sub": SCALE_QUESTIONS[scale],
        "anchors": ANCHORS[scale],
        "value": form[scale].value(),
        "abstained": form[f"{scale}_abstain"].value(),
        "comment": form[f"{scale}_comment"],
        "error": " ".join(str(error) for error in form[scale].errors),
        "key": scale.value[0] if has_keys else "",
    }


def _reach(form: BallotForm, scale: Scale) -> dict[str, Any]:
    """How far the evidence carries a confidence rating, and the hint for whoever goes beyond."""
    if scale is not Scale.CONFIDENCE:
        return {}
    hint = reach_words(form.evidence) + " " + _("You may send your rating as it is.")
    return {"reach": REACH[best_grade(one.grade for one in form.evidence)], "hint": hint}


def reach_words(evidence: Iterable[Evidence]) -> str:
    best = best_grade(one.grade for one in evidence)
    reach = REACH[best]
    if best is None:
        words = _("No evidence is linked. By the anchors that reaches up to %(reach)s: %(anchor)s")
    else:
        words = _("The best evidence is “%(grade)s”. By the anchors that reaches up to %(reach)s: %(anchor)s")
    return words % {"grade": best and best.label, "reach": reach, "anchor": dict(ANCHORS[Scale.CONFIDENCE])[reach]}
