"""Running experiments to decide with."""

from datetime import timedelta

from engagement.core.clock import now
from experiments.choices import ExperimentKind
from experiments.models import Experiment
from experiments.services import in_force, plans, runs
from experiments.services.plans import MetricPlan, VariantPlan

DAY = timedelta(days=1)
VARIANTS = (
    VariantPlan("today", "Today", 0.5),
    VariantPlan("banner", "Banner", 0.5, channel="in_app", subject="Welcome back", body="Your week in five minutes."),
)


def planned(key: str = "banner-2026", *, kind: str = ExperimentKind.AB, variants=VARIANTS) -> Experiment:
    """A draft that may run for two more weeks."""
    experiment = plans.create(
        key=key, name=key.title(), variants=variants, metrics=[MetricPlan("read", "proportion", "primary")],
        actor=None, starts=now() - DAY, ends=now() + 14 * DAY,
    )  # fmt: skip
    Experiment.objects.filter(pk=experiment.pk).update(kind=kind)
    experiment.refresh_from_db()
    return experiment


def launched(experiment: Experiment) -> Experiment:
    """It runs since an hour ago, and this process knows."""
    found = runs.start(experiment=experiment, actor=None, at=now() - timedelta(hours=1))
    in_force.forget()
    return found


def running(key: str = "banner-2026", **options) -> Experiment:
    return launched(planned(key, **options))
