from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0012_cohorts")]

    operations = [
        migrations.RenameField(model_name="audiencecount", old_name="channel", new_name="channels"),
        migrations.AlterField(
            model_name="audiencecount",
            name="channels",
            field=models.CharField(blank=True, help_text="All that must reach a customer, with commas.", max_length=60),
        ),
        migrations.AddField(
            model_name="audiencecount",
            name="experiment",
            field=models.CharField(blank=True, default="", max_length=36),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="audiencecount",
            index=models.Index(fields=["version", "experiment", "-at"], name="audience_count_newest"),
        ),
    ]
