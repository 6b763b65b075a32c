"""For customers of which state an idea is."""

from django.db import migrations, models

STATES = [("power", "Power"), ("core", "Core"), ("casual", "Casual"), ("low", "Low")]


class Migration(migrations.Migration):
    dependencies = [("backlog", "0008_comments_on_scales")]

    operations = [
        migrations.AddField(
            model_name="idea",
            name="customer_state",
            field=models.CharField(
                blank=True,
                choices=STATES,
                default="",
                help_text="How often those it is for use the product, if it is for some alone.",
                max_length=10,
                verbose_name="customer state",
            ),
            preserve_default=False,
        ),
    ]
