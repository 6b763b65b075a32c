from django.urls import path

from engagement.core import views

urlpatterns = [
    path("health/live", views.live, name="health_live"),
    path("health/ready", views.ready, name="health_ready"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
]
