from django.urls import path, re_path

from engagement.customers.views import overview, tracking

urlpatterns = [
    path("customers/", overview.overview, name="customers"),
    path("customers/states/count/", overview.states_count, name="states_count"),
    path("customers/states/define/", overview.states_define, name="states_define"),
    path("customers/states.csv", overview.states_csv, name="states_csv"),
    re_path(r"^v1/(?P<kind>identify|track|page|screen|group|alias|batch)$", tracking.track, name="track"),
]
