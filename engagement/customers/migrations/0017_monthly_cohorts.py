from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0016_count_of_an_unsaved_rule")]

    operations = [
        migrations.AddField(
            model_name="statecount",
            name="monthly_cohorts",
            field=models.JSONField(default=list, help_text="The same by calendar month and months of thirty days."),
        ),
    ]
