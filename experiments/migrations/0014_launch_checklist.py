"""What members put under a launch, and why an experiment was stopped early."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import engagement.core.clock

KINDS = [("tick", "Checked"), ("approval", "Approved"), ("waiver", "Waived")]
AGREED = "A hash of each part of the plan as it was; any other lets the mark lapse."


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0013_curve_kept"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "experiment", "early_stop_reason", models.TextField(blank=True, verbose_name="why it was stopped early")
        ),
        migrations.CreateModel(
            name="ChecklistMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item", models.CharField(max_length=30)),
                ("kind", models.CharField(choices=KINDS, max_length=10)),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("at", models.DateTimeField(default=engagement.core.clock.now)),
                ("agreed_to", models.JSONField(help_text=AGREED)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checklist_marks",
                        to="experiments.experiment",
                    ),
                ),
            ],
            options={"ordering": ["-at", "-pk"]},
        ),
    ]
