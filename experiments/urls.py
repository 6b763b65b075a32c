from django.urls import path

from experiments.views import experiment, experiments, learnings, plan, reports, results_file

urlpatterns = [
    path("experiments/", experiments.experiment_list, name="experiments"),
    path("experiments/new/", plan.new, name="experiment_new"),
    path("experiments/import/", results_file.upload, name="experiment_import"),
    path("experiments/import/<uuid:upload_id>/", results_file.columns, name="results_columns"),
    path("experiments/of-home/", experiments.of_home, name="home_experiments"),
    path("experiments/of-idea/<int:idea_id>/", experiments.of_idea, name="idea_experiments"),
    path("experiments/<str:key>/", experiment.home, name="experiment_home"),
    path("experiments/<str:key>/decision/", experiment.decide, name="experiment_decide"),
    path("experiments/<str:key>/results.csv", experiment.results_csv, name="experiment_results_csv"),
    path("experiments/<str:key>/retention.csv", experiment.retention_csv, name="experiment_retention_csv"),
    path("experiments/<str:key>/by-day.csv", experiment.by_day_csv, name="experiment_by_day_csv"),
    path("experiments/<str:key>/<str:tab>/", experiment.tab, name="experiment"),
    path("learnings/", learnings.learning_list, name="learnings"),
    path("reports/", reports.report_list, name="reports"),
    path("reports/<str:quarter>/", reports.report, name="report"),
]
