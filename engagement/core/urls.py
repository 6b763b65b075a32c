from django.urls import path

from engagement.core import views

urlpatterns = [
    path("health/live", views.live, name="health_live"),
    path("health/ready", views.ready, name="health_ready"),
    path("api/docs/", views.api_docs, name="api_docs"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
]
