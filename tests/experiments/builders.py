"""Experiments to test with: planned by the service, and imported from a real file through the real store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engagement.accounts.models import Member
from engagement.core.jobs import Progress
from experiments.models import Experiment
from experiments.results_file import Columns, ResultsMetric
from experiments.services import analysis, plans
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
