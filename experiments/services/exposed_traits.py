"""What was known of customers when they were first counted: the subgroups of the plan.

A trait is frozen when an analysis first meets the customer: what is learned of them later, perhaps because of the very
experiment, moves nobody from one subgroup to another. Kept in the database, where a customer can be erased.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from engagement.customers.models import Customer
from experiments.metrics.exposed import OTHER, STATE, UNKNOWN
from experiments.models import Experiment, ExposedTraits

MOST_VALUES, LONGEST = 20, 100  # of one subgroup: rarer ones are told together, longer ones are cut
CHUNK = 500
Values = Mapping[int, Sequence[str]]


def frozen(
    experiment: Experiment, customers: Iterable[int], names: Sequence[str], *, states: Mapping[int, str]
) -> pa.Table:
    """Columns customer and `names`: of every customer met the values of the plan's subgroups, frozen now where new.

    states: of each customer the state at exposure, where the plan declares `STATE`.
    """
    known = _known(experiment)
    fresh = _traits(experiment, [customer for customer in customers if customer not in known], states)
    if fresh:
        kept = [_kept(known, fresh, place) for place in range(len(names))]
        rows = (
            ExposedTraits(
                experiment=experiment,
                customer_id=customer,
                values=[value if value in kept[place] else OTHER for place, value in enumerate(values)],
            )
            for customer, values in fresh.items()
        )
        # Another analysis may have met the same customers: what it has frozen stands.
        ExposedTraits.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
        known = _known(experiment)
    columns: dict[str, Any] = {"customer": pa.array(known.keys(), pa.int64())}
    columns |= {name: pa.array([row[place] for row in known.values()], pa.string()) for place, name in enumerate(names)}
    return pa.table(columns)


def _known(experiment: Experiment) -> dict[int, Sequence[str]]:
    rows = ExposedTraits.objects.filter(experiment=experiment).values_list("customer_id", "values")
    return dict(rows.iterator(chunk_size=10_000))


def _traits(experiment: Experiment, customers: Sequence[int], states: Mapping[int, str]) -> dict[int, Sequence[str]]:
    """The values of these customers: traits as they are today, the state as it was at exposure."""
    found: dict[int, Sequence[str]] = {}
    for first in range(0, len(customers), CHUNK):
        rows = Customer.objects.filter(pk__in=customers[first : first + CHUNK]).values_list("pk", "traits")
        for pk, traits in rows:
            told = {**traits, STATE: states.get(pk)} if STATE in experiment.subgroups else traits
            found[pk] = [_text(told.get(name)) for name in experiment.subgroups]
    return found


def _text(value: Any) -> str:
    if value is None or value == "":
        return UNKNOWN
    return (value if isinstance(value, str) else json.dumps(value, sort_keys=True))[:LONGEST]


def _kept(known: Values, fresh: Values, place: int) -> set[str]:
    """The values told by themselves: those that are already, then the most frequent of the new ones."""
    told = {values[place] for values in known.values()}
    new = Counter(values[place] for values in fresh.values() if values[place] not in told)
    in_order = sorted(new, key=lambda value: (-new[value], value))
    return told | set(in_order[: max(0, MOST_VALUES - len(told))])
