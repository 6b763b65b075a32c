"""Emptying a demonstration workspace."""

from django.core.management.color import no_style
from django.db import connection

# What `migrate` makes, and what belongs to the installation rather than to the workspace.
KEPT = {"accounts_workspace", "auth_permission", "django_content_type", "django_migrations", "django_q_schedule"}


def remove_everything() -> None:
    """Empties every table of the database but the ones above, in the caller's transaction.

    Whole tables rather than rows in the order of their references: nothing a later table refers to can be forgotten.
    """
    tables = [table for table in connection.introspection.django_table_names(only_existing=True) if table not in KEPT]
    connection.check_constraints()  # PostgreSQL truncates no table that a deferred check still waits for
    statements = connection.ops.sql_flush(no_style(), tables, reset_sequences=True)
    connection.ops.execute_sql_flush(statements)
