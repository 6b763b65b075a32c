"""A customer says: no more. By the link in a message, or by the one click of a mail program."""

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.core.clock import now
from engagement.core.errors import NotFound
from engagement.customers.models import Customer
from engagement.customers.payloads import Taken
from engagement.customers.services import inbox, permissions

SALT = "engagement.messaging.unsubscribe"
EVENT = "unsubscribe"


def address(*, customer: int, channel: str) -> str:
    """Where this customer says no more to messages on this channel: signed, and good for as long as the secret is."""
    token = signing.dumps([customer, channel], salt=SALT)
    return settings.BASE_URL + reverse("unsubscribe", args=[token])


def read(token: str) -> tuple[int, str]:
    """Customer and channel of a token; refused where it is none of ours."""
    try:
        customer, channel = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError):
        raise NotFound(_("This link is not whole. Copy it from the message once more.")) from None
    return customer, channel


@transaction.atomic
def unsubscribe(token: str) -> None:
    """Withdraws the consent, at once and for good until the customer says otherwise; safe to repeat.

    It counts as an event `unsubscribe`, once a link. Whoever was erased meanwhile is in peace already.
    """
    number, channel = read(token)
    customer = Customer.objects.filter(pk=number).select_related("merged_into").first()
    found = customer.merged_into or customer if customer else None
    if found is None or (found.external_id is None and not found.email):
        return
    permissions.say(customer=found, channel=channel, is_granted=False, source="unsubscribe link")
    if found.external_id:
        moment = now()
        said = Taken(
            "track", f"unsubscribe:{channel}:{token.rpartition(':')[2]}", moment, moment,
            customer_id=found.external_id, event=EVENT, properties={"channel": channel},
        )  # fmt: skip
        inbox.accept([said])
