from django.urls import path
from rest_framework.routers import SimpleRouter

from experiments.api.views import Experiments, Learnings, Metrics, Milestones, QuarterReport

router = SimpleRouter()
router.register("experiments", Experiments, basename="api_experiments")
router.register("learnings", Learnings, basename="api_learnings")
router.register("metrics", Metrics, basename="api_metrics")
router.register("milestones", Milestones, basename="api_milestones")

urlpatterns = [*router.urls, path("reports/<str:quarter>/", QuarterReport.as_view(), name="api_report")]
