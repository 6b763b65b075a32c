"""What a row may hold, said as a refusal."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from engagement.core.errors import InvalidInput


def check(row: models.Model) -> None:
    """Refuses what a column or a constraint of the row does not take, in its own words, before anything is written."""
    try:
        row.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(messages[0], field=None if field == NON_FIELD_ERRORS else field) from error
