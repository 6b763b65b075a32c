import django.db.models.deletion
from django.db import migrations, models

import engagement.core.clock


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0026_factor_rating"),
    ]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="pauses_on",
            field=models.JSONField(
                default=list, help_text="Alerts at which it pauses by itself; see PAUSE_CONDITIONS."
            ),
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("guardrails", "Guardrail crossed"),
                            ("sample_ratio", "Sample ratio mismatch"),
                            ("freshness", "Stale feed"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "about",
                    models.JSONField(default=list, help_text="What of this kind it told: none of it is told again."),
                ),
                ("sentence", models.TextField()),
                (
                    "has_paused",
                    models.BooleanField(default=False, help_text="The plan said so, and the experiment ran."),
                ),
                ("at", models.DateTimeField(default=engagement.core.clock.now)),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to="experiments.experiment"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
    ]
