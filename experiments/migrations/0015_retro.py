"""The note by which an experiment is closed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import engagement.core.clock

MEMBER = models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)
EXPERIMENT = models.OneToOneField(
    on_delete=django.db.models.deletion.CASCADE, related_name="retro", to="experiments.experiment"
)


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0014_launch_checklist"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Retro",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("why", models.TextField(verbose_name="why it came out so")),
                ("surprise", models.TextField(blank=True, verbose_name="what surprised us")),
                ("learning", models.CharField(max_length=300, verbose_name="what we learned")),
                ("written_at", models.DateTimeField(default=engagement.core.clock.now)),
                ("experiment", EXPERIMENT),
                ("written_by", MEMBER),
            ],
        ),
    ]
