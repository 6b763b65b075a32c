"""What a message's tokens stand for: the one answer for previews and for what is sent."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from engagement.customers.audience_rules import InList
from engagement.customers.models import Customer
from engagement.customers.queries import TRAIT_COLUMNS
from engagement.customers.services.selecting import select


def known_of(customers: Sequence[Customer], names: Collection[str], *, at: datetime) -> dict[int, dict[str, Any]]:
    """Per customer (by number) a value for each of the tokens that is known of them; the state they have at a moment.

    Nothing of an event: only what answers one can tell it.
    """
    states = _states(customers, at) if "state" in names else {}
    found = {}
    for customer in customers:
        columns = {name: getattr(customer, name) for name in TRAIT_COLUMNS}
        told = {**customer.traits, **columns, "state": states.get(customer.pk, "")}
        found[customer.pk] = {name: value for name, value in told.items() if name in names}
    return found


def _states(customers: Sequence[Customer], at: datetime) -> dict[int, str]:
    """By the events of the store, in one query of the engine; who was never seen is missing."""
    ids = tuple(customer.external_id for customer in customers if customer.external_id)
    if not ids:
        return {}
    found = select(InList(ids), at=at, with_states=True)
    return dict(zip(found.customers.tolist(), found.states, strict=True))
