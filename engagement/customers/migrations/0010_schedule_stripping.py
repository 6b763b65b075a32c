"""Every night the worker takes the properties of erased customers' events out of the store."""

from django.db import migrations

TASKS = {"strip erased customers": {"func": "engagement.customers.services.erasure.strip", "schedule_type": "D"}}


def create(apps, schema_editor):
    schedule = apps.get_model("django_q", "Schedule")
    for name, task in TASKS.items():
        schedule.objects.get_or_create(name=name, defaults={**task, "repeats": -1})


def remove(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name__in=TASKS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0009_consent_suppression_erasure"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(create, remove)]
