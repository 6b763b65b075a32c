"""The site with one more address: a view that does nothing, to measure others by."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from engagement.wsgi import application as application


@csrf_exempt
@login_not_required
def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("empty", empty), path("", include("engagement.urls"))]
settings.ROOT_URLCONF = __name__
