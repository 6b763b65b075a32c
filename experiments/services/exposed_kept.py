"""The exposed customers as the last analysis met them, in a file: the next one reads the exposures it has not seen.

The file holds `first_exposures` and what the covariates add up to for each customer: numbers that nothing after the
exposure changes. Subgroups stay in the database, where a customer can be erased. It is used only where the store holds
as many exposures of its time as it was made of, those apart that have arrived since, and no customers were merged;
otherwise everything is read anew. `Counting.exposed` names it; the file before it is left for whoever still reads it.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from ibis.expr.types import Table

from engagement.core.clock import now
from experiments.metrics.totals import Total
from experiments.models import Counting, Experiment

WRITTEN_WITHIN_S = 3_600


@dataclass(frozen=True, slots=True)
class ExposedFile:
    """What is in a file: customers first met before `until`, of so many exposures (`rows`), with `merges` made by then.

    `mark`: a hash of all else that its rows depend on.
    """

    name: str
    mark: str
    until: datetime
    rows: int
    merges: int

    @classmethod
    def of(cls, counting: Counting | None) -> Self | None:
        told: dict[str, Any] | None = counting.exposed if counting else None
        return cls(**{**told, "until": datetime.fromisoformat(told["until"])}) if told else None

    @property
    def path(self) -> Path:
        return _folder() / self.name

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "mark": self.mark,
            "until": self.until.isoformat(),
            "rows": self.rows,
            "merges": self.merges,
        }


def mark(experiment: Experiment, variants: list[str], covariates: Mapping[Total, str], first: list[str]) -> str:
    """`first`: the columns of a first exposure."""
    engine = settings.WAREHOUSE_ENGINE.partition(":")[0]  # each reads what it wrote
    made_of = [experiment.starts, experiment.ends, variants, sorted(map(repr, covariates)), first, engine]
    return hashlib.sha256(json.dumps(made_of, default=str).encode()).hexdigest()


def new_name(experiment: Experiment) -> str:
    return f"{experiment.uid}/{uuid4().hex}.parquet"


def tidy(experiment: Experiment, *, kept: set[str]) -> None:
    """Deletes the experiment's files but these, and but what another analysis may just be writing."""
    for path in (_folder() / str(experiment.uid)).glob("*.parquet"):
        if f"{experiment.uid}/{path.name}" in kept or path.stat().st_mtime > now().timestamp() - WRITTEN_WITHIN_S:
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def columns(query: Table, names: list[str], covariates: Mapping[Total, str], *, before_us: int) -> Table:
    """Those of the file, of who was first met before a moment."""
    return query.filter(query.exposed_us < before_us).select(*names, *covariates.values())


def _folder() -> Path:
    return settings.WAREHOUSE_DIR / "exposed"
