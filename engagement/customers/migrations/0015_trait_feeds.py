from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0014_webhook_channel")]

    operations = [
        migrations.CreateModel(
            name="TraitFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("trait", models.CharField(max_length=255, unique=True)),
                ("newest_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
