"""An experiment's audience: which version of a saved rule, who of it can be asked, and what keeps the others out."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import require_writer
from engagement.core import jobs
from engagement.core.errors import Conflict, InvalidInput
from engagement.customers import queries as customers
from engagement.customers import reports
from engagement.customers.models import AudienceVersion
from engagement.customers.services.audiences import parsed
from engagement.customers.wording import rule_words
from experiments import queries
from experiments.forms.sending import SendingForm
from experiments.lifecycle import PLANNED
from experiments.models import Experiment, Sending
from experiments.services import eligibility, sending

COUNT = "experiments.services.eligibility.count_job"


@require_POST
def choose(request: MemberRequest, key: str) -> HttpResponse:
    """Takes a version of an audience for the experiment, or everybody."""
    found, chosen = queries.experiment(key), request.POST.get("version", "")
    version = get_object_or_404(AudienceVersion, pk=int(chosen)) if chosen.isdecimal() else None
    eligibility.choose(experiment=found, version=version, actor=request.user)
    messages.success(request, _("The audience is chosen."))
    return redirect("experiment", key, "audience")


@require_POST
def count(request: MemberRequest, key: str) -> HttpResponse:
    """Counts for this experiment, as a job."""
    require_writer(request.user)
    found = queries.experiment(key)
    if found.audience_version is None:
        raise Conflict(_("No audience is chosen: the experiment is for everybody."))
    job = jobs.enqueue(
        COUNT, label=_("Counting “%(name)s”") % {"name": found.audience_version.audience}, asked_by=request.user,
        back_url=reverse("experiment", args=[key, "audience"]), experiment_id=found.pk,
    )  # fmt: skip
    return redirect("job", job.pk)


@require_POST
def who_sends(request: MemberRequest, key: str) -> HttpResponse:
    """This site sends, or another system does."""
    found, form = queries.experiment(key), SendingForm(request.POST)
    if request.POST.get("by") == "elsewhere":
        sending.withdraw(experiment=found, actor=request.user)
        messages.success(request, _("Another system sends."))
    elif form.is_valid():
        sending.choose(experiment=found, actor=request.user, **form.cleaned_data)
        messages.success(request, _("This site sends, from the launch on."))
    else:
        raise InvalidInput(" ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("experiment", key, "audience")


def audience_context(request: MemberRequest, found: Experiment) -> dict[str, Any]:
    version = found.audience_version
    rule = parsed(version.rule) if version else None
    counted = eligibility.newest_count(found)
    newest = [(one, rule_words(parsed(one.rule))) for one in customers.newest_versions()]
    return {
        "version": version,
        "words": rule_words(rule) if rule else "",
        "silent": reports.silent_sentences(rule) if rule else [],
        "counted": reports.audience_lines(counted) if counted else None,
        "newest": newest,
        "is_old": version is not None and version.pk not in {one.pk for one, _words in newest},
        "may_choose": request.user.may_write and found.state in PLANNED,
        "may_write": request.user.may_write,
        "sending": Sending.objects.filter(experiment=found).first(),
        "sending_form": SendingForm.of(found),
        "eligible": found.eligible_customers.count() if found.for_eligible_only else None,
    }
