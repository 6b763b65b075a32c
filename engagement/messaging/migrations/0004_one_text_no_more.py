"""The columns of a message's one text, whose place `contents` has taken."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_texts_into_contents")]

    operations = [
        migrations.RemoveField(model_name="message", name="channel"),
        migrations.RemoveField(model_name="message", name="subject"),
        migrations.RemoveField(model_name="message", name="body"),
    ]
