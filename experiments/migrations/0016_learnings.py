"""The library of learnings and its search. The worker fills it with what was decided before."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

import experiments.models.learning

INDEX = "experiments_learningwords"
EXPERIMENT = models.OneToOneField(
    on_delete=django.db.models.deletion.CASCADE,
    primary_key=True,
    related_name="learning",
    serialize=False,
    to="experiments.experiment",
)
LEARNING = models.ForeignKey(
    on_delete=django.db.models.deletion.CASCADE, related_name="states", to="experiments.learning"
)
WORDS_OF = models.OneToOneField(
    db_column="rowid",
    on_delete=django.db.models.deletion.DO_NOTHING,
    primary_key=True,
    related_name="words",
    serialize=False,
    to="experiments.learning",
)
SEARCH = django.contrib.postgres.search.SearchVectorField(
    help_text="Of PostgreSQL; SQLite has LearningWords.", null=True
)


def create_index(apps, schema_editor):
    """A full-text table that counts a word of the sentence four times as much as one around it."""
    if schema_editor.connection.vendor == "sqlite":
        options = "tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3 4'"
        schema_editor.execute(f"CREATE VIRTUAL TABLE {INDEX} USING fts5 (told, around, {options})")
        weights = "'bm25(4.0, 1.0)'"
        schema_editor.execute(f"INSERT INTO {INDEX} ({INDEX}, rank) VALUES ('rank', {weights})")  # noqa: S608  own names


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(f"DROP TABLE {INDEX}")


class Migration(migrations.Migration):
    dependencies = [("experiments", "0015_retro")]

    operations = [
        migrations.CreateModel(
            name="Learning",
            fields=[
                ("experiment", EXPERIMENT),
                ("sentence", models.CharField(max_length=300, verbose_name="what we learned")),
                ("search", SEARCH),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["search"], name="learning_search"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LearningState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("learning", LEARNING),
                ("state", models.CharField(max_length=10)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("learning", "state"), name="learning_state_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LearningWords",
            fields=[
                ("learning", WORDS_OF),
                ("matched", experiments.models.learning.MatchedField(db_column=INDEX)),
                ("rank", models.FloatField()),
            ],
            options={"db_table": INDEX, "managed": False},
        ),
        migrations.RunPython(create_index, drop_index),
    ]
