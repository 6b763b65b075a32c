"""Every day the worker makes few large files of the store's many small ones."""

from django.db import migrations

TASKS = {"compact the store": {"func": "engagement.customers.services.upkeep.compact", "schedule_type": "D"}}


def create(apps, schema_editor):
    schedule = apps.get_model("django_q", "Schedule")
    for name, task in TASKS.items():
        schedule.objects.get_or_create(name=name, defaults={**task, "repeats": -1})


def remove(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name__in=TASKS).delete()


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_schedule_flushing"), ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more")]

    operations = [migrations.RunPython(create, remove)]
