"""Planning an experiment."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from backlog.choices import Scale
from backlog.models import Idea
from backlog.queries import ideas_visible_to
from engagement.accounts.queries import workspace
from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import require_writer
from engagement.core.addresses import row_number
from engagement.core.errors import DomainError, Forbidden, NotFound
from experiments import queries, rules
from experiments.forms.plan import PlanChange, PlanDraft
from experiments.models import Experiment
from experiments.reports import wording
from experiments.services import plans


def new(request: MemberRequest) -> HttpResponse:
    """The plan's form. Its buttons for another row bring it back as typed; only the main button judges it."""
    require_writer(request.user)
    house, idea = workspace(), _idea(request)
    if request.method != "POST":
        draft = PlanDraft.fresh(house, idea, disputed=_disputed(request))
        return _page(request, draft, idea)
    if "add_variant" in request.POST or "add_metric" in request.POST:
        return _page(request, PlanDraft.typed(house, request.POST), idea)
    draft = PlanDraft.judged(house, request.POST)
    if not draft.is_valid():
        return _page(request, draft, idea, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        experiment = plans.plan(**draft.plan(house.time_zone), idea=idea, actor=request.user)
    except Forbidden:
        raise
    except DomainError as error:
        draft.refuse(error)
        return _page(request, draft, idea, status=error.status)
    messages.success(request, _("The plan of “%(name)s” is saved.") % {"name": experiment})
    return redirect("experiment", experiment.key, "plan")


def change(request: MemberRequest, key: str) -> HttpResponse:
    """The same form over a plan that is there, until it is launched."""
    found = queries.experiment(key)
    rules.require_may_prepare(request.user, found)
    if request.method != "POST":
        return _change_page(request, found, PlanChange.of(found), seen=plans.version(found))
    if "add_metric" in request.POST:
        return _change_page(request, found, PlanChange.typed(found, request.POST))
    form = PlanChange.judged(found, request.POST)
    if not form.is_valid():
        return _change_page(request, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        seen = request.POST.get("seen", "")
        plans.revise(experiment=found, seen=seen, actor=request.user, **form.revision())
    except DomainError as error:
        form.refuse(error)
        return _change_page(request, found, form, status=error.status)
    messages.success(request, _("The plan is changed. What was approved or ticked before is to be looked at again."))
    return redirect("experiment", key, "plan")


def _change_page(
    request: MemberRequest, found: Experiment, form: PlanChange, *, seen: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "experiment": found, "draft": form, "seen": seen or request.POST.get("seen", ""),
        "slots": {slot: form.hypothesis[slot].value() for slot in plans.SLOTS},
        "kept": [(wording.metric_name(key), one) for key, one in form.kept.items()],
        "errors": status >= HTTPStatus.BAD_REQUEST, "registered": queries.registered_metrics(),
    }  # fmt: skip
    return render(request, "experiments/experiment_change.html", context, status=status)


def _disputed(request: MemberRequest) -> str:
    """The scale that the pod is split on, where the address names one."""
    named = request.GET.get("disputed", "")
    return str(Scale(named).label).lower() if named in Scale.values else ""


def _idea(request: MemberRequest) -> Idea | None:
    """The idea named by the address; the form posts back to the same one."""
    named = request.GET.get("idea", "")
    if not named:
        return None
    number = row_number(named)
    found = None if number is None else ideas_visible_to(request.user).filter(pk=number).first()
    if found is None:
        raise NotFound(_("There is no such idea."))
    return found


def _page(request: MemberRequest, draft: PlanDraft, idea: Idea | None, *, status: int = 200) -> HttpResponse:
    slots = {slot: draft.hypothesis[slot].value() for slot in plans.SLOTS}
    context = {
        "draft": draft, "idea": idea, "slots": slots, "errors": status >= HTTPStatus.BAD_REQUEST,
        "registered": queries.registered_metrics(),
    }  # fmt: skip
    return render(request, "experiments/experiment_new.html", context, status=status)
