"""Every address of the site. Packages compose by string: this floor imports none of them."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

urlpatterns = [
    path("", include("engagement.core.urls")),
    path("", include("engagement.accounts.urls")),
    path("", include("engagement.customers.urls")),
    path("", include("engagement.messaging.urls")),
    path("", include("backlog.urls")),
    path("", include("experiments.urls")),
    path("api/v1/", include("engagement.customers.api.urls")),
    path("api/v1/", include("backlog.api.urls")),
    path("api/v1/", include("experiments.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("admin/", admin.site.urls),
]
