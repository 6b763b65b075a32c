"""The library of learnings: one row a decided experiment, and what it is found by."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Lookup
from django.utils.translation import gettext_lazy as _

from experiments.models.experiment import Experiment


class Learning(models.Model):
    """What the next pod should know. Made of other rows and rebuilt from them at any time."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, primary_key=True, related_name="learning")
    sentence = models.CharField(_("what we learned"), max_length=300)
    search = SearchVectorField(null=True, help_text="Of PostgreSQL; SQLite has LearningWords.")

    class Meta:
        indexes = [GinIndex(fields=["search"], name="learning_search")]

    def __str__(self) -> str:
        return self.sentence


class LearningState(models.Model):
    """A customer state that the experiment's audience was limited to."""

    learning = models.ForeignKey(Learning, on_delete=models.CASCADE, related_name="states")
    state = models.CharField(max_length=10)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["learning", "state"], name="learning_state_once")]

    def __str__(self) -> str:
        return self.state


class MatchedField(models.TextField[str, str]):
    """The column of a full-text table of SQLite that stands for all of a row."""


@MatchedField.register_lookup
class Match(Lookup[Any]):
    lookup_name = "match"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, of_column = self.process_lhs(compiler, connection)
        words, of_words = self.process_rhs(compiler, connection)
        return f"{column} MATCH {words}", (*of_column, *of_words)


class LearningWords(models.Model):
    """The full-text index where the database is SQLite; on PostgreSQL there is no such table.

    `matched` and `rank` are FTS5's own hidden columns: the first is called like the table, the second is best lowest.
    """

    learning = models.OneToOneField(
        Learning, on_delete=models.DO_NOTHING, primary_key=True, db_column="rowid", related_name="words"
    )
    matched = MatchedField(db_column="experiments_learningwords")
    rank = models.FloatField()

    class Meta:
        managed = False
        db_table = "experiments_learningwords"

    def __str__(self) -> str:
        return str(self.learning_id)
