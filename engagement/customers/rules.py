"""Who may see and do what with customers."""

from engagement.accounts.models import Member
from engagement.accounts.rules import require_administrator
from engagement.core.errors import Forbidden


def may_see_personal(member: Member) -> bool:
    """Names, addresses and traits as they are; everybody else sees them masked."""
    return member.is_administrator


def require_may_see_personal(member: Member) -> None:
    if not may_see_personal(member):
        raise Forbidden("Personal data are shown to administrators only. Ask one of them.")


def require_may_erase(member: Member | None) -> None:
    require_administrator(member)
