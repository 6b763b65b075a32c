"""A message as a real customer would read it: masked unless the member may see who it is, and always in the trail."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import InvalidInput, NotFound
from engagement.customers import queries, rules
from engagement.customers.masking import is_personal, masked
from engagement.customers.models import Customer
from engagement.messaging.samples import UNSUBSCRIBE
from engagement.messaging.services.knowing import known_of


@transaction.atomic
def look_as(*, named: str, names: Collection[str], actor: Member) -> tuple[Customer, dict[str, Any], bool]:
    """The customer of that id or address, a value per token that is known of them, and whether it is masked."""
    found = queries.customers_named(named.strip()) if named.strip() else []
    if not found:
        raise NotFound(_("Nobody is known by “%(text)s”.") % {"text": named.strip()[:80]}, field="customer")
    if len(found) > 1:
        raise InvalidInput(_("Several customers are known by this: take the customer id."), field="customer")
    [customer] = found
    is_masked = not rules.may_see_personal(actor)
    told = known_of([customer], names, at=now())[customer.pk]
    words = {name: _masked(name, value, is_masked=is_masked) for name, value in told.items()}
    audit.record(
        actor=actor, verb="previewed a message as customer", target=customer,
        after={"masked": is_masked, "tokens": sorted(words)},
    )  # fmt: skip
    return customer, words | {"unsubscribe_url": UNSUBSCRIBE}, is_masked


def _masked(name: str, value: Any, *, is_masked: bool) -> Any:
    return masked(str(value)) if is_masked and value is not None and is_personal(name) else value
