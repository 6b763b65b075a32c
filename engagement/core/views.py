"""Health, the progress of long work, and what the API can do."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from engagement.core import health
from engagement.core.models import Job


@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "live"})


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, store and queue answer, else 503. Which one failed is told by `check_health` alone."""
    failed = [check for check in health.checks() if not check.passed]
    return JsonResponse({"status": "not ready" if failed else "ready"}, status=503 if failed else 200)


def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """A job's page; htmx asks for the fragment alone until the job is over."""
    found = get_object_or_404(Job.objects.filter(asked_by=request.user.pk), pk=job_id)
    template = "core/_job.html" if request.headers.get("HX-Request") else "core/job.html"
    return render(request, template, {"job": found})


def api_docs(request: HttpRequest) -> HttpResponse:
    """The API's documentation, drawn from `/api/schema/` by scripts of our own origin."""
    return render(request, "core/api_docs.html")
