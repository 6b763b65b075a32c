from django.urls import path, re_path

from engagement.customers.views import audiences, files, overview, person, suppression, tracking

urlpatterns = [
    path("customers/", overview.overview, name="customers"),
    path("customers/states/count/", overview.states_count, name="states_count"),
    path("customers/states/define/", overview.states_define, name="states_define"),
    path("customers/states.csv", overview.states_csv, name="states_csv"),
    path("customers/cohorts.csv", overview.cohorts_csv, name="cohorts_csv"),
    path("customers/files/", files.files, name="customer_files"),
    path("customers/find/", person.find, name="customer_find"),
    path("customers/suppressions/", suppression.suppression_list, name="suppressions"),
    path("customers/suppressions/<int:pk>/lift/", suppression.lift, name="suppression_lift"),
    path("customers/audiences/", audiences.audience_list, name="audiences"),
    path("customers/audiences/new/", audiences.new, name="audience_new"),
    path("customers/audiences/live/", audiences.live, name="audience_live"),
    path("customers/audiences/live/<uuid:job_id>/", audiences.live_job, name="audience_live_job"),
    path("customers/audiences/<int:pk>/", audiences.audience, name="audience"),
    path("customers/audiences/<int:pk>/count/", audiences.count, name="audience_count"),
    path("customers/<int:pk>/", person.customer, name="customer"),
    path("customers/<int:pk>/show/", person.show, name="customer_show"),
    path("customers/<int:pk>/consent/", person.consent, name="customer_consent"),
    path("customers/<int:pk>/erase/", person.erase, name="customer_erase"),
    re_path(r"^v1/(?P<kind>identify|track|page|screen|group|alias|batch)$", tracking.track, name="track"),
]
