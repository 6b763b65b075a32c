"""A whole audience decided for another sender: a file in, a file out."""

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

from engagement.core.cells import required_text
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.core.row_files import FileRefused, RowFile
from engagement.customers.models import Customer
from experiments import queries
from experiments.models import EligibleCustomer
from experiments.services import in_force
from experiments.services.assigning import Assigned, Reason, decide_all
from experiments.services.in_force import InForce

HEADER = ("customer_id", "variant", "propensity", "batch", "assigned_at")
CHUNK = 20_000


def export(*, key: str, audience: Path | None, to: Path, progress: Progress) -> Counter[Reason]:
    """Writes the variant of every customer of the audience, each once; how many were decided for which reason.

    `audience` is a file with a column customer_id; without one everybody the experiment may decide about. Who gets no
    variant is not in the file. A file that is refused leaves nothing behind.
    """
    experiment = in_force.read().get(key)
    moment = now()
    if experiment is None or not experiment.is_open(moment):
        queries.experiment(key)
        raise Conflict(_("“%(key)s” does not run now, so it decides about nobody.") % {"key": key})
    try:
        customers = _listed(audience) if audience else _known(experiment)
    except FileRefused as error:
        raise InvalidInput(str(error), field="audience") from error
    part = to.with_name(f".{to.name}.part")
    try:
        counts = _write(experiment, customers, part, progress)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return counts


def _write(experiment: InForce, customers: Iterator[str], part: Path, progress: Progress) -> Counter[Reason]:
    counts: Counter[Reason] = Counter()
    progress.doing(_("Assigning customers"))
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        while chunk := list(islice(customers, CHUNK)):
            decided = decide_all(experiment, chunk)
            writer.writerows(_row(one.customer, one.assigned) for one in decided if one.assigned)
            counts.update(one.reason for one in decided)
            progress.reached(counts.total())
    return counts


def _row(customer: str, assigned: Assigned) -> tuple[object, ...]:
    return customer, assigned.variant.key, assigned.propensity, assigned.batch, assigned.at.isoformat()


def _listed(path: Path) -> Iterator[str]:
    """The ids of the file in its order, a repeated one once; read whole before anything is decided."""
    file = RowFile(path, path.name)
    header, rows = file.read()
    place = file.place(header, "customer_id")
    seen: dict[str, None] = {}
    for line, cells in rows:
        try:
            customer = required_text(cells[place])
        except ValueError as error:
            file.refuse(f"“{str(cells[place])[:40]}” {error}.", line=line, column="customer_id")
        seen[customer] = None
    if not seen:
        file.refuse("there is a header and no row below it.")
    return iter(seen)


def _known(experiment: InForce) -> Iterator[str]:
    found = Customer.objects.filter(external_id__isnull=False, merged_into=None)
    if experiment.for_eligible_only:
        eligible = EligibleCustomer.objects.filter(experiment=experiment.pk).values("customer")
        found = found.filter(pk__in=eligible)
    ids = found.order_by("pk").values_list("external_id", flat=True)
    return (customer for customer in ids.iterator(CHUNK) if customer is not None)
