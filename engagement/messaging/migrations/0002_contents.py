"""Room for a message on several channels; the texts move in the next migration."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="contents",
            field=models.JSONField(
                default=dict, help_text="See engagement.messaging.content.FIELDS.", verbose_name="contents"
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="version",
            field=models.PositiveIntegerField(default=1, help_text="Another one with each change."),
        ),
    ]
