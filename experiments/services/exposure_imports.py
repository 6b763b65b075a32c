"""Exposures from a file into the store: all of them, once, however often the file comes."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.utils.translation import gettext as _

from engagement.core.clock import now
from engagement.core.errors import InvalidInput
from engagement.core.jobs import Progress
from engagement.core.row_files import FileRefused
from engagement.customers.services import customers
from engagement.warehouse import store
from engagement.warehouse.engines import Warehouse, connect
from engagement.warehouse.tables import EXPOSURES
from experiments.exposure_file import ExposureRow, read_exposures
from experiments.models import Experiment, Variant

BATCH = 50_000
STAGED = EXPOSURES.set(EXPOSURES.get_field_index("customer"), pa.field("external_id", pa.string()))
IDENTITY = ["experiment", "customer", "variant", "exposed_at"]


@dataclass(frozen=True, slots=True)
class Imported:
    rows: int
    new: int


def import_exposures(*, path: Path, name: str, progress: Progress) -> Imported:
    """Stores the file's exposures; an exposure that is there already is not stored again.

    The whole file is checked first; then customers become known; then one commit, tagged with the file's hash.
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    folder = settings.DATA_DIR / "staging"
    folder.mkdir(parents=True, exist_ok=True)
    staging, known = folder / f"{sha256}.rows.parquet", folder / f"{sha256}.exposures.parquet"
    try:
        rows = _stage(path, name, staging, progress)
        _name_customers(staging, known, rows, progress)
        progress.doing(_("Storing exposures"))
        return Imported(rows, _store_new(known, source=f"exposures:{sha256}"))
    except FileRefused as error:
        raise InvalidInput(str(error), field="file") from error
    finally:
        staging.unlink(missing_ok=True)
        known.unlink(missing_ok=True)


def read_upload(*, path: Path, name: str, progress: Progress) -> tuple[int, int]:
    """A file of exposures that came through the browser: (rows, how many were new)."""
    done = import_exposures(path=path, name=name, progress=progress)
    return done.rows, done.new


def _stage(path: Path, name: str, to: Path, progress: Progress) -> int:
    uids = {key: str(uid) for key, uid in Experiment.objects.values_list("key", "uid")}
    pairs: dict[str, set[str]] = {key: set() for key in uids}
    for key, variant in Variant.objects.values_list("experiment__key", "key"):
        pairs[key].add(variant)
    variants = {key: frozenset(found) for key, found in pairs.items()}
    progress.doing(_("Checking %(file)s") % {"file": name})
    rows, count = read_exposures(path, name=name, variants=variants), 0
    with pq.ParquetWriter(to, STAGED, compression="zstd") as writer:
        while chunk := list(islice(rows, BATCH)):
            writer.write_batch(_staged(chunk, uids))
            count += len(chunk)
            progress.reached(count)
    return count


def _staged(chunk: Sequence[ExposureRow], uids: dict[str, str]) -> pa.RecordBatch:
    columns = {
        "experiment": [uids[row.experiment] for row in chunk],
        "external_id": [row.customer for row in chunk],
        "variant": [row.variant for row in chunk],
        "exposed_at": [row.exposed_at for row in chunk],
        "propensity": [row.propensity for row in chunk],
        "batch": [row.batch for row in chunk],
        "received_at": [now()] * len(chunk),
    }
    return pa.record_batch([pa.array(columns[field.name], field.type) for field in STAGED], schema=STAGED)


def _name_customers(staging: Path, to: Path, rows: int, progress: Progress) -> None:
    progress.doing(_("Making customers known"), total=rows)
    with pq.ParquetFile(staging) as file, pq.ParquetWriter(to, EXPOSURES, compression="zstd") as writer:
        done = 0
        for batch in file.iter_batches(batch_size=BATCH):
            ids = pa.array(customers.ensure(batch["external_id"].to_pylist()), pa.int64())
            columns = [ids if field.name == "customer" else batch[field.name] for field in EXPOSURES]
            writer.write_batch(pa.record_batch(columns, schema=EXPOSURES))
            done += len(batch)
            progress.reached(done)


def _store_new(known: Path, *, source: str) -> int:
    count = 0

    def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        nonlocal count
        for batch in batches:
            count += len(batch)
            yield batch.cast(EXPOSURES)

    with connect() as warehouse:
        batches = warehouse.backend.to_pyarrow_batches(_fresh(warehouse, known))
        is_stored = store.append("exposures", counted(batches), source=source)
    return count if is_stored else 0


def _fresh(warehouse: Warehouse, known: Path) -> ibis.expr.types.Table:
    """Each exposure once, those in the store left out."""
    staged = warehouse.backend.read_parquet(str(known))
    once = staged.mutate(place=ibis.row_number().over(group_by=IDENTITY, order_by=staged.exposed_at))
    once = once.filter(once.place == 0).drop("place")
    return once.anti_join(warehouse.table("exposures"), IDENTITY).order_by("exposed_at").select(*EXPOSURES.names)
