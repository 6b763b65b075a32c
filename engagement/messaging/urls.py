from django.urls import path

from engagement.messaging import views

urlpatterns = [
    path("settings/sending/", views.limits, name="sending_limits"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
