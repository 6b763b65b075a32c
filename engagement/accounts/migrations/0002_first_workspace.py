"""The one workspace, so that everything works after `migrate` alone."""

from django.db import migrations


def create(apps, schema_editor):
    workspace = apps.get_model("accounts", "Workspace")
    if not workspace.objects.exists():
        workspace.objects.create()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
