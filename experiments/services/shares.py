"""The rule about planned shares, asked by plans and imports alike."""

import math
from collections.abc import Sequence

from django.utils.translation import gettext as _

from engagement.core.errors import InvalidInput


def check(shares: Sequence[float]) -> None:
    """Refuses shares that are not each above 0 and together 1."""
    if any(not 0 < share < 1 for share in shares):
        raise InvalidInput(_("Each share must lie above 0 and below 1."), field="shares")
    if not math.isclose(sum(shares), 1.0, abs_tol=1e-9):
        raise InvalidInput(_("The shares sum to %(sum).6g; they must sum to 1.") % {"sum": sum(shares)}, field="shares")
