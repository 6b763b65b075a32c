from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    dependencies = [("customers", "0015_trait_feeds")]

    operations = [
        migrations.AddField(
            model_name="audiencecount",
            name="digest",
            field=models.CharField(
                blank=True, help_text="SHA-256 of the rule; empty of counts of long ago.", max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="audiencecount",
            name="version",
            field=models.ForeignKey(
                null=True, on_delete=CASCADE, related_name="counts", to="customers.audienceversion"
            ),
        ),
        migrations.AddIndex(
            model_name="audiencecount",
            index=models.Index(fields=["digest", "-at"], name="audience_count_of_rule"),
        ),
    ]
