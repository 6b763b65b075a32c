"""The practice ballot: three examples, and how the anchors read what was tried on them."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from backlog.choices import REACH, Scale, anchor_of, best_grade
from backlog.forms import BallotForm
from backlog.practice import Example, examples
from backlog.scoring import Scores, summarise
from backlog.views.scales import reach_words, scales_shown
from engagement.accounts.requests import MemberRequest


def practice(request: MemberRequest, number: int) -> HttpResponse:
    """One example. The scores stand in the address, so that a reload and `Back` work and nothing needs keeping."""
    found = examples()
    if not 1 <= number <= len(found):
        raise Http404
    example = found[number - 1]
    form = BallotForm(request.GET if "sent" in request.GET else None, evidence=example.evidence)
    best = best_grade(one.grade for one in example.evidence)
    context = {
        "idea": example.idea,
        "remark": example.remark,
        "evidence": [{"row": one, "may_unlink": False} for one in example.evidence],
        "best_grade": best,
        "reach": REACH[best],
        "form": form,
        "scales": scales_shown(form, has_keys=request.user.has_shortcuts),
        "reading": _reading(form, example) if form.is_valid() else None,
        "number": number,
        "total": len(found),
        "following": number + 1 if number < len(found) else None,
    }
    return render(request, "backlog/practice.html", context)


def _reading(form: BallotForm, example: Example) -> dict[str, Any]:
    """Each score in the words of its anchor, where it goes beyond the evidence, and the ICE score it comes to."""
    scores = Scores(*(form.cleaned_data[scale] for scale in Scale))
    reach = REACH[best_grade(one.grade for one in example.evidence)]
    return {
        "scales": [
            {"label": scale.label, "score": score, "words": anchor_of(scale, score) if score else ""}
            for scale in Scale
            for score in [getattr(scores, scale)]
        ],
        "beyond": reach_words(example.evidence) if (scores.confidence or 0) > reach else "",
        "ice": summarise([scores]).ice,
    }
