"""The site's places, in the order rail and bars show them. A new page adds its line here and nowhere else."""

from dataclasses import dataclass
from functools import lru_cache

from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Place:
    """One entry: `key` names it (for counts), `in_bar` puts it into the phone's bottom bar, the rest go under More.

    `more`: paths of pages that belong to it and lie elsewhere.
    """

    key: str
    label: str | Promise
    icon: str
    path: str
    in_bar: bool = False
    more: tuple[str, ...] = ()

    def is_current(self, path: str) -> bool:
        return path == self.path if self.path == "/" else path.startswith((self.path, *self.more))


PLACES = (
    Place("home", _("Home"), "house", "/", in_bar=True),
    Place("ideas", _("Ideas"), "lightbulb", "/ideas/", in_bar=True),
    Place("rounds", _("Rounds"), "sliders-horizontal", "/rounds/", in_bar=True),
    Place("calendar", _("Calendar"), "calendar", "/calendar/", more=("/goals/",)),
    Place("experiments", _("Experiments"), "split", "/experiments/", in_bar=True),
    Place("learnings", _("Learnings"), "book-open", "/learnings/"),
    Place("reports", _("Reports"), "file-chart-column", "/reports/"),
    Place("customers", _("Customers"), "users", "/customers/"),
    Place("metrics", _("Metrics"), "chart-line", "/metrics/"),
    Place("settings", _("Settings"), "settings-2", "/settings/"),
)


@lru_cache(maxsize=1)
def places() -> tuple[Place, ...]:
    """Those whose page is there: a link that leads nowhere is worse than none."""
    return tuple(place for place in PLACES if _exists(place.path))


def _exists(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
