from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0017_monthly_cohorts")]

    operations = [
        migrations.AddField(
            model_name="audiencecount",
            name="others",
            field=models.JSONField(
                default=list, help_text="[[who, customers]…]: who else talks to how many of those left."
            ),
        ),
    ]
