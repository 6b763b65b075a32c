"""What there is to see of experiments."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from engagement.core.errors import NotFound
from experiments.models import Experiment, Readout


def experiments() -> QuerySet[Experiment]:
    return Experiment.objects.select_related("pod", "idea", "decision", "launch_owner")


def experiment(key: str) -> Experiment:
    """The experiment of that key; refuses in one sentence where there is none."""
    found = experiments().filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no experiment “%(key)s”.") % {"key": key})
    return found


def with_results() -> QuerySet[Experiment]:
    """Those that can be analysed: imported ones, and those that were analysed before."""
    return experiments().filter(
        Q(results_import__isnull=False) | Exists(Readout.objects.filter(experiment=OuterRef("pk")))
    )


def newest_readout(key: str) -> Readout:
    readout = Readout.objects.filter(experiment=experiment(key)).first()
    if readout is None:
        raise NotFound(_("“%(key)s” has no readout yet: its results have not been imported.") % {"key": key})
    return readout
