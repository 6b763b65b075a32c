from engagement.customers.models.customer import Customer, Identity, IdentityKind, Merge
from engagement.customers.models.feed import Feed
from engagement.customers.models.inbox import Flush, InboxItem, SeenMessage

__all__ = ["Customer", "Feed", "Flush", "Identity", "IdentityKind", "InboxItem", "Merge", "SeenMessage"]
