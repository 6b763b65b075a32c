from django.db import migrations, models

import engagement.core.clock


class Migration(migrations.Migration):
    dependencies = [("core", "0003_job_back_url")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0, help_text="How often a worker started it."),
        ),
        migrations.AddField(
            model_name="job",
            name="sent_at",
            field=models.DateTimeField(
                default=engagement.core.clock.now, help_text="When it was last handed to the queue."
            ),
        ),
    ]
