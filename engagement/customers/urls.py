from django.urls import re_path

from engagement.customers import views

urlpatterns = [
    re_path(r"^v1/(?P<kind>identify|track|page|screen|group|alias|batch)$", views.track, name="track"),
]
