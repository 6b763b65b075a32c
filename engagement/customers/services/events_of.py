"""What the store holds of one customer."""

from collections.abc import Sequence
from typing import Any

import ibis
from django.conf import settings
from django.utils.module_loading import import_string

from engagement.customers.models import Customer
from engagement.warehouse.engines import Warehouse, connect

FARTHEST = 5_000  # nobody pages on past this; a file does
SHOWN = {
    "events": ("occurred_at", ("event", "value", "currency")),
    "exposures": ("exposed_at", ("experiment", "variant")),
}


def events_of(customer: Customer, *, most: int, offset: int = 0) -> list[dict[str, Any]]:
    """The newest events and exposures, `most` from `offset` on: rows `at` and event, value, currency or variant and the
    experiment's name.

    Properties are not shown. What happened to whoever turned out to be this customer is among them.
    """
    numbers = [customer.pk, *customer.merged.values_list("pk", flat=True)]
    last = min(offset, FARTHEST) + most
    with connect() as warehouse:
        found = [row for name in SHOWN for row in _newest(warehouse, name, numbers, last)]
    found.sort(key=lambda row: row["at"], reverse=True)
    shown = found[last - most : last]
    names = import_string(settings.EXPOSURE_NAMER)({row["experiment"] for row in shown if "experiment" in row})
    return [{**row, "experiment": names.get(row.get("experiment"), "")} for row in shown]


def _newest(warehouse: Warehouse, name: str, numbers: Sequence[int], most: int) -> list[dict[str, Any]]:
    at, columns = SHOWN[name]
    table = warehouse.table(name)
    own = table.filter(table.customer.isin(numbers)).order_by(ibis.desc(at)).limit(most)
    return warehouse.rows(own.select(*columns, at=own[at]))
