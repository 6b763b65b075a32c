"""Who may do what with members, pods and the workspace."""

from engagement.accounts.models import Member
from engagement.core.errors import Forbidden


def may_administer(member: Member) -> bool:
    return member.is_administrator


def require_administrator(member: Member | None) -> None:
    """Others are refused; the command line (no member) may do what any administrator may."""
    if member is not None and not may_administer(member):
        raise Forbidden("Only an administrator may change this. Ask one of them.")


def require_writer(member: Member | None) -> None:
    """Readers are refused; the command line (no member) may do what any member may."""
    if member is not None and not member.may_write:
        raise Forbidden(
            "Your role is reader: you can look at everything here and change nothing. An administrator can change that."
        )
