"""Where a message can go."""

from engagement.customers.choices import Channel

__all__ = ["Channel"]
