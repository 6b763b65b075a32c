"""Building the demonstration workspace, all of it or nothing."""

from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backlog.models import Idea
from engagement.accounts.models import Member, Pod
from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.core.errors import Conflict
from engagement.core.jobs import Progress
from engagement.customers.models import Customer
from engagement.customers.services import states
from engagement.warehouse import store
from experiments.demonstration.calendar import Calendar
from experiments.demonstration.people import TIME_ZONE
from experiments.models import Experiment
from experiments.services.demonstration import house, leadership, letters, pods_work, programme, readers, removal


def is_untouched() -> bool:
    """True after `migrate` alone: nobody works here and nothing was written or imported."""
    return not _is_in_use()


def build(*, customers: int, seed: int, reset: bool = False, progress: Progress) -> list[house.SignIn]:
    """The demonstration workspace with that many simulated readers; returns its sign-ins, passwords in the clear.

    `reset` first removes everything that is in a demonstration workspace, people and store included. A workspace with
    work of its own is refused either way. The rows come in one transaction; the store is written inside it, so that a
    build that fails leaves rows of before and, at worst, a store that the next build clears.
    """
    _require_may_build(reset=reset)
    zone = ZoneInfo(TIME_ZONE)
    calendar = Calendar(now().astimezone(zone).date(), zone)
    story = readers.simulated(customers, seed=seed, calendar=calendar, progress=progress)
    with transaction.atomic(), timezone.override(zone):
        if reset:
            removal.remove_everything()
        store.clear()
        members, sign_ins = house.furnish()
        ideas = pods_work.fill_backlog(members, customers, seed=seed, calendar=calendar)
        experiments = programme.plan_and_launch(members, ideas, calendar=calendar)
        readers.write(story, experiments, customers, calendar=calendar, progress=progress)
        letters.send(
            members, ideas[letters.IDEA], readers.names(customers), seed=seed, calendar=calendar, progress=progress
        )
        programme.analyse_and_decide(experiments, members, calendar=calendar, progress=progress)
        states.count(progress=progress)
        leadership.say_what_success_means(members)
        leadership.release_last_quarter(members, calendar=calendar)
    return sign_ins


def _is_in_use() -> bool:
    """People count as much as their work: an installation that was only furnished so far is a real one too."""
    return any(model._default_manager.exists() for model in (Member, Pod, Idea, Experiment, Customer))


def _require_may_build(*, reset: bool) -> None:
    is_demonstration = workspace().is_demonstration
    if _is_in_use() and not is_demonstration:
        raise Conflict(
            _(
                "This workspace holds members, pods, ideas, experiments or customers of its own, and the demonstration "
                "never replaces those. Give it an empty place: set DATA_DIR to another folder, migrate, and run demo "
                "there."
            )
        )
    if is_demonstration and not reset:
        raise Conflict(
            _(
                "The demonstration workspace is here already. demo --reset removes everything in it, members included, "
                "and builds it anew."
            )
        )
