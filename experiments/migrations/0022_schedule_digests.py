"""Every day the worker mails the digests that are due."""

from django.db import migrations

TASKS = {"send digests": {"func": "experiments.services.digests.send_due", "schedule_type": "D"}}


def create(apps, schema_editor):
    schedule = apps.get_model("django_q", "Schedule")
    for name, task in TASKS.items():
        schedule.objects.get_or_create(name=name, defaults={**task, "repeats": -1})


def remove(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name__in=TASKS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0021_digest_notes"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(create, remove)]
