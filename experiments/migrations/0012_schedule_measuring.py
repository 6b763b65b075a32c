"""Every night the worker measures where each metric of the registry stands."""

from django.db import migrations

TASKS = {"measure metrics": {"func": "experiments.services.registry.measure_nightly", "schedule_type": "D"}}


def create(apps, schema_editor):
    schedule = apps.get_model("django_q", "Schedule")
    for name, task in TASKS.items():
        schedule.objects.get_or_create(name=name, defaults={**task, "repeats": -1})


def remove(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name__in=TASKS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0011_metric_registry"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(create, remove)]
