"""Settings, and the doors in: of allauth's pages those that this site offers."""

from allauth.account import views as allauth
from django.urls import path, re_path

from engagement.accounts import views

urlpatterns = [
    path("settings/", views.workspace_settings, name="settings"),
    path("settings/profile/", views.profile, name="profile"),
    path("settings/people/", views.people_list, name="people"),
    path("settings/people/<int:member_id>/", views.member, name="member"),
    path("settings/invitations/<int:invitation_id>/withdraw/", views.withdraw_invitation, name="invitation_withdraw"),
    path("settings/pods/new/", views.pod, name="pod_new"),
    path("settings/pods/<slug:slug>/", views.pod, name="pod"),
    path("settings/keys/", views.api_keys, name="api_keys"),
    path("settings/keys/<int:key_id>/revoke/", views.api_key_revoke, name="api_key_revoke"),
    path("settings/audit/", views.audit_trail, name="audit_trail"),
    path("join/<str:token>/", views.invitation, name="invitation"),
    path("accounts/login/", allauth.login, name="account_login"),
    path("accounts/logout/", allauth.logout, name="account_logout"),
    path("accounts/inactive/", allauth.account_inactive, name="account_inactive"),
    path("accounts/signup/", allauth.signup, name="account_signup"),
    path("accounts/password/change/", allauth.password_change, name="account_change_password"),
    path("accounts/password/reset/", allauth.password_reset, name="account_reset_password"),
    path("accounts/password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    path(
        "accounts/password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]
