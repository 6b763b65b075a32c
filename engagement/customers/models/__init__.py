from engagement.customers.models.customer import Customer, Identity, IdentityKind, Merge
from engagement.customers.models.feed import Feed

__all__ = ["Customer", "Feed", "Identity", "IdentityKind", "Merge"]
