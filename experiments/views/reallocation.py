"""One reallocation of a bandit: what it knew, what it gave, and the same computed again."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now
from engagement.core.errors import Conflict, NotFound
from experiments import queries
from experiments.reports import adapting
from experiments.reports.wording import metric_name
from experiments.services import reallocating


def reallocation(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """The batch's shares beside those that its data give again now. Sealed results stay sealed: shares tell them."""
    found = queries.experiment(key)
    document = queries.documents([found]).get(found.pk)
    is_early = found.sealed_until is not None and now() < found.sealed_until
    if is_early or (document is not None and document["sealed"]):
        raise Conflict(_("The results are sealed, and the shares would tell them."))
    row = found.batch_shares.filter(number=number).first()
    if row is None:
        raise NotFound(_("“%(key)s” has no batch %(number)d.") % {"key": key, "number": number})
    again = reallocating.replayed(row)
    context = {
        "experiment": found,
        "row": row,
        "step": adapting.step(row),
        "metric": metric_name(row.used["metric"]["key"]),
        "lines": adapting.replayed_lines(row, again, list(found.variants.all())),
        "is_same": again == row.shares,
    }
    return render(request, "experiments/reallocation.html", context)
