"""A running experiment with a guardrail, of which readers of one variant complain."""

from datetime import datetime, timedelta
from pathlib import Path

from engagement.accounts.models import Member
from engagement.core.clock import now
from engagement.core.jobs import Progress
from engagement.customers.services.event_imports import import_events
from experiments.models import Experiment
from experiments.services import plans, runs, watching
from experiments.services.exposure_imports import import_exposures
from experiments.services.plans import MetricPlan, VariantPlan

DAY = timedelta(days=1)
VARIANTS = (VariantPlan("weekly", "Weekly", 0.5), VariantPlan("daily", "Daily", 0.5))
METRICS = (
    MetricPlan("read", "proportion", "primary", event="session", window_days=1),
    MetricPlan("complained", "proportion", "guardrail", direction="down", event="complaint", window_days=1),
)


def guarded(*, author: Member | None = None, **values: datetime) -> Experiment:
    """A draft whose guardrail may get worse by one point."""
    dates = {"starts": now() - 10 * DAY, "ends": now() + 14 * DAY, **values}
    experiment = plans.create(
        key="daily", name="A daily letter", variants=VARIANTS, metrics=METRICS, actor=author, **dates
    )
    guardrail = experiment.metrics.get(key="complained")
    guardrail.columns["margin_absolute"] = 0.01
    guardrail.save()
    return experiment


def running(author: Member, *pauses_on: str, **roles: Member) -> Experiment:
    """It runs for ten days, and pauses by itself on what is named."""
    experiment = guarded(author=author)
    Experiment.objects.filter(pk=experiment.pk).update(**roles)
    watching.choose_pauses(experiment=experiment, conditions=pauses_on, actor=author)
    return runs.start(experiment=experiment, actor=roles.get("launch_owner"), at=now() - 10 * DAY)


def data(folder: Path, *, complaints: tuple[int, int] = (32, 110), customers: tuple[int, int] = (200, 200)) -> None:
    """Exposures and what came of them: of each variant so many customers, of whom so many complained."""
    at = now() - 5 * DAY
    exposures, events = ["experiment,customer_id,variant,exposed_at"], ["customer_id,event,occurred_at"]
    for variant, met, unhappy in zip(("weekly", "daily"), customers, complaints, strict=True):
        for number in range(met):
            name = f"{variant}{number}"
            exposures.append(f"daily,{name},{variant},{at.isoformat()}")
            events += [f"{name},session,{(at + timedelta(hours=2)).isoformat()}"] * (number % 2)
            events += [f"{name},complaint,{(at + timedelta(hours=1)).isoformat()}"] * (number < unhappy)
    for name, lines, read in (
        ("exposures", exposures, import_exposures),
        ("events", events, lambda **file: import_events(complete_through=now(), **file)),
    ):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
        read(path=folder / f"{name}.csv", name=f"{name}.csv", progress=Progress())
