"""Every minute the worker moves the inbox into the store, and daily it forgets message ids older than 30 days."""

from django.db import migrations

TASKS = {
    "flush the inbox": {"func": "engagement.customers.services.flushing.flush", "schedule_type": "I", "minutes": 1},
    "forget old message ids": {"func": "engagement.customers.services.inbox.forget_seen", "schedule_type": "D"},
}


def create(apps, schema_editor):
    schedule = apps.get_model("django_q", "Schedule")
    for name, task in TASKS.items():
        schedule.objects.get_or_create(name=name, defaults={**task, "repeats": -1})


def remove(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name__in=TASKS).delete()


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_inbox"), ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more")]

    operations = [migrations.RunPython(create, remove)]
