"""Experiments to test with: planned by the service, and imported from a real file through the real store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from engagement.accounts.models import Member
from engagement.core.jobs import Progress
from engagement.customers.services.event_imports import import_events
from experiments.models import Experiment
from experiments.results_file import Columns, ResultsMetric
from experiments.services import analysis, plans
from experiments.services.exposure_imports import import_exposures
from experiments.services.loading import load
from experiments.services.plans import MetricPlan, VariantPlan
from experiments.services.results_import import ResultsFile, import_results

METRICS = (ResultsMetric("bought", "proportion", "bought"), ResultsMetric("spend", "mean", "spend"))
TWO = {"none": 0.3, "mail": 0.5}
Rates = dict[str, float]


def results_csv(path: Path, rates: Rates = TWO, *, rows: int = 400, seed: int = 1) -> Path:
    """One row per customer, the variants in turn; `rates` is how often each buys, and a buyer spends about 15."""
    rng = np.random.default_rng(seed)
    names = list(rates)
    lines = ["who,arm,bought,spend"]
    for number in range(rows):
        name = names[number % len(names)]
        bought = int(rng.random() < rates[name])
        lines.append(f"c{number},{name},{bought},{round(bought * (5 + rng.exponential(10)), 2)}")
    path.write_text("\n".join(lines) + "\n")
    return path


def column(path: Path, variant: str, name: str) -> np.ndarray:
    """The values of a column for one variant, as the file has them."""
    header, *lines = path.read_text().splitlines()
    place = header.split(",").index(name)
    rows = [line.split(",") for line in lines]
    return np.array([float(row[place]) for row in rows if row[1] == variant])


def imported(
    folder: Path, *, key: str = "mails", rates: Rates = TWO, actor: Member | None = None, control: str = "none",
    primary: str = "bought", **options: Any,
) -> Experiment:  # fmt: skip
    """An ended experiment with its readout, from a file in `folder`."""
    path = results_csv(folder / f"{key}.csv", rates, **options)
    file = ResultsFile(path, path.name, Columns("arm", control, METRICS), primary=primary)
    experiment, _is_new = import_results(key=key, file=file, actor=actor, progress=Progress())
    analysis.analyse(experiment=experiment, progress=Progress())
    return Experiment.objects.get(pk=experiment.pk)


def mismatched(folder: Path, **options: Any) -> Experiment:
    """An experiment whose counts do not fit its equal shares: 360 to 40."""
    path = results_csv(folder / "mismatched.csv", {"none": 0.3, **{f"x{number}": 0.3 for number in range(9)}})
    lines = path.read_text()
    for number in range(1, 9):
        lines = lines.replace(f",x{number},", ",none,")
    path.write_text(lines.replace(",x0,", ",mail,"))
    file = ResultsFile(path, path.name, Columns("arm", "none", METRICS))
    experiment, _is_new = import_results(key="mismatched", file=file, progress=Progress(), **{"actor": None, **options})
    analysis.analyse(experiment=experiment, progress=Progress())
    return experiment


VARIANTS = (VariantPlan("none", "No e-mail", 0.5), VariantPlan("mail", "An e-mail", 0.5, subject="Hello", body="Dear"))
PLANNED = (MetricPlan("bought", "proportion", "primary"), MetricPlan("spend", "mean", "secondary"))


def planned(*, key: str = "planned", variants: Sequence[VariantPlan] = VARIANTS, **values: Any) -> Experiment:
    plan = {"name": "A planned one", "actor": None, "metrics": PLANNED, **values}
    return plans.create(key=key, variants=variants, **plan)


LIVE = """
[experiment]
key = "live"
name = "Shorter welcome series"
control = "today"
shares = {{ today = 0.5, short = 0.5 }}
starts = 2026-07-06
ends = 2026-07-20
{extra}
[plan]
customers = 800
minimum_effect = 0.2
[[metrics]]
key = "ordered"
kind = "proportion"
role = "primary"
event = "purchase"
window_days = 1
"""


RETURNING = """
[[metrics]]
key = "back"
kind = "retention"
event = "session"
day = 1
"""


def returning(folder: Path, *, extra: str = "") -> tuple[Experiment, dict[str, tuple[str, datetime, list[datetime]]]]:
    """The live experiment with a retention metric, and per customer variant, exposure and visits, as in the files."""
    rng = np.random.default_rng(8)
    begins = datetime(2026, 7, 6, tzinfo=UTC)
    people = {}
    for number in range(600):
        at = begins + timedelta(seconds=int(rng.integers(0, 14 * 86_400)))
        chances = 0.6 * np.exp(-np.arange(40) / 4) + (0.2 if number % 2 else 0.15)
        days = [day for day in range(40) if rng.random() < chances[day]]
        visits = [at + timedelta(days=day, seconds=int(rng.integers(0, 86_400))) for day in days]
        people[f"c{number}"] = (("today", "short")[number % 2], at, [*visits, at - timedelta(hours=1)])
    exposures = [f"live,{name},{variant},{at.isoformat()}" for name, (variant, at, _) in people.items()]
    events = [f"{name},session,{visit.isoformat()}" for name, (_, _, visits) in people.items() for visit in visits]
    paths = {name: folder / f"back-{name}" for name in ("exposures.csv", "events.csv", "live.toml")}
    paths["exposures.csv"].write_text("\n".join(["experiment,customer_id,variant,exposed_at", *exposures]) + "\n")
    paths["events.csv"].write_text("\n".join(["customer_id,event,occurred_at", *events]) + "\n")
    paths["live.toml"].write_text(LIVE.format(extra=extra).replace("purchase", "session") + RETURNING)
    experiment, _changed = load(path=paths["live.toml"], actor=None)
    complete = begins + timedelta(days=60)
    import_exposures(path=paths["exposures.csv"], name="exposures.csv", progress=Progress())
    import_events(path=paths["events.csv"], name="events.csv", complete_through=complete, progress=Progress())
    return experiment, people


def live(folder: Path, *, rates: Sequence[float] = (0.2, 0.35), extra: str = "", customers: int = 800) -> Experiment:
    """Two weeks of an experiment that runs elsewhere, from files, no readout yet; `rates`: of control, of treatment."""
    rng = np.random.default_rng(5)
    begins = datetime(2026, 7, 6, tzinfo=UTC)
    exposures, events = ["experiment,customer_id,variant,exposed_at"], ["customer_id,event,occurred_at,value"]
    for number in range(customers):
        at = begins + timedelta(seconds=int(rng.integers(0, 14 * 86_400)))
        place = number % 2
        exposures.append(f"live,c{number},{('today', 'short')[place]},{at.isoformat()}")
        if rng.random() < rates[place]:
            events.append(f"c{number},purchase,{(at + timedelta(hours=3)).isoformat()},9.5")
    paths = {name: folder / f"{name}.csv" for name in ("exposures", "events")}
    paths["exposures"].write_text("\n".join(exposures) + "\n")
    paths["events"].write_text("\n".join(events) + "\n")
    plan = folder / "live.toml"
    plan.write_text(LIVE.format(extra=extra))
    experiment, _changed = load(path=plan, actor=None)
    complete = begins + timedelta(days=30)
    import_exposures(path=paths["exposures"], name="exposures.csv", progress=Progress())
    import_events(path=paths["events"], name="events.csv", complete_through=complete, progress=Progress())
    return experiment
