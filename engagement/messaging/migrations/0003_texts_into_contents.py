"""Subject and text become the fields of their channel. Backwards, a message keeps what the old columns can hold."""

import re

from django.db import migrations

CHUNK = 500
FIELDS = {"email": ("subject", "text"), "push": ("title", "body"), "in_app": ("title", "body")}
MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")


def into_contents(apps, schema_editor):
    def contents(row):
        first, second = FIELDS[row.channel]
        if row.channel == "email" and MARKUP.search(row.body):
            second = "html"
        said = {name: text for name, text in ((first, row.subject), (second, row.body)) if text.strip()}
        return {row.channel: said} if said else {}

    def fill(row):
        row.contents = contents(row)

    in_chunks(apps, fill, ["contents"])


def back(apps, schema_editor):
    def fill(row):
        channel = next((one for one in FIELDS if one in row.contents), "email")
        first, second = FIELDS[channel]
        said = row.contents.get(channel, {})
        row.channel, row.subject = channel, said.get(first, "")[:200]
        row.body = said.get("html") or said.get(second, "")

    in_chunks(apps, fill, ["channel", "subject", "body"])


def in_chunks(apps, fill, columns):
    message = apps.get_model("messaging", "Message")
    last = 0
    while rows := list(message.objects.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        for row in rows:
            fill(row)
        message.objects.bulk_update(rows, columns)
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_contents")]

    operations = [migrations.RunPython(into_contents, back)]
