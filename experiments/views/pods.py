"""A pod's own page: what it is at, and where its work is fraying."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from engagement.accounts.models import Pod
from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now
from experiments.reports.outcomes import pod_calibration
from experiments.reports.warning_signs import pod_state


def pod(request: MemberRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Pod, slug=slug)
    context = {
        "pod": found,
        "state": pod_state(found, viewer=request.user, at=now()),
        "calibration": pod_calibration(found, viewer=request.user),
    }
    return render(request, "experiments/pod.html", context)
