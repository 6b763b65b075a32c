"""The admin site shows what is ours and writes nothing, whoever asks."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import RequestFactory
from django_q.models import Schedule

from tests.factories import MemberFactory

OURS = ("engagement.", "backlog", "experiments")


def test_the_admin_site_lists_our_models_only():
    strangers = [
        model for model in admin.site._registry if not apps.get_app_config(model._meta.app_label).name.startswith(OURS)
    ]

    assert strangers == []
    assert {model._meta.app_label for model in admin.site._registry} == {"accounts", "backlog", "experiments"}


def test_an_administrator_writes_nothing_through_the_admin_site():
    request = RequestFactory().get("/admin/")
    request.user = MemberFactory.build(administrator=True)

    may = {model: page.get_model_perms(request) for model, page in admin.site._registry.items()}

    looks_only = {"add": False, "change": False, "delete": False, "view": True}
    assert may
    assert may == dict.fromkeys(admin.site._registry, looks_only)


@pytest.mark.django_db
def test_an_administrator_schedules_no_command(client):
    client.force_login(MemberFactory(administrator=True))
    before = Schedule.objects.count()

    answer = client.post("/admin/django_q/schedule/add/", {"func": "os.system", "args": "'id'", "schedule_type": "O"})

    assert answer.status_code == 404
    assert Schedule.objects.count() == before
