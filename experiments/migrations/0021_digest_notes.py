"""Which voter was told of which decision."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import engagement.core.clock

MEMBER = models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)
DECISION = models.ForeignKey(
    on_delete=django.db.models.deletion.CASCADE, related_name="digest_notes", to="experiments.decision"
)


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0020_planned_dates"),
        ("accounts", "0005_digest"),
    ]

    operations = [
        migrations.CreateModel(
            name="DigestNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("member", MEMBER),
                ("decision", DECISION),
                ("sent_at", models.DateTimeField(default=engagement.core.clock.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("member", "decision"), name="digest_note_once"),
                ],
            },
        ),
    ]
