"""How often a member is mailed what became of ideas."""

from django.db import migrations, models

RHYTHMS = [("daily", "Daily, when there is news"), ("weekly", "Weekly, when there is news"), ("none", "Never")]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_key_scopes")]

    operations = [
        migrations.AddField(
            model_name="member",
            name="digest",
            field=models.CharField(
                choices=RHYTHMS,
                default="daily",
                help_text="By mail: what became of ideas you scored.",
                max_length=6,
                verbose_name="digest",
            ),
        ),
    ]
