from engagement.customers.models.audience import Audience, AudienceCount, AudienceVersion
from engagement.customers.models.customer import Customer, Identity, IdentityKind, Merge
from engagement.customers.models.feed import Feed, TraitFeed
from engagement.customers.models.inbox import Flush, InboxItem, SeenMessage
from engagement.customers.models.permission import Consent, Erasure, Suppression, Tombstone
from engagement.customers.models.state import FALL, StateCount, StateDefinition

__all__ = [
    "FALL",
    "Audience",
    "AudienceCount",
    "AudienceVersion",
    "Consent",
    "Customer",
    "Erasure",
    "Feed",
    "Flush",
    "Identity",
    "IdentityKind",
    "InboxItem",
    "Merge",
    "SeenMessage",
    "StateCount",
    "StateDefinition",
    "Suppression",
    "Tombstone",
    "TraitFeed",
]
