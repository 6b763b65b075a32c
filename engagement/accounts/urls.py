from django.urls import path

from engagement.accounts import views

urlpatterns = [
    path("settings/", views.workspace_settings, name="settings"),
    path("settings/profile/", views.profile, name="profile"),
    path("settings/people/", views.people_list, name="people"),
    path("settings/people/<int:member_id>/", views.member, name="member"),
    path("settings/pods/new/", views.pod, name="pod_new"),
    path("settings/pods/<slug:slug>/", views.pod, name="pod"),
    path("settings/audit/", views.audit_trail, name="audit_trail"),
    path("join/<str:token>/", views.invitation, name="invitation"),
]
