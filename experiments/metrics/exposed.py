"""Who was exposed, to which variant first, and when: one row a customer, numbers only.

A variant is its place among the experiment's variants in alphabetical order, a time its microsecond: with names and
zones an engine takes several times as long.
"""

from collections.abc import Sequence
from datetime import datetime

import ibis
from ibis.expr.types import Table

STATE = "state"  # the name by which a plan declares the customer state as a subgroup
UNKNOWN, OTHER = "unknown", "other"  # values of a subgroup: what nobody knew at exposure; the rarer ones together


def exposures_inside(
    exposures: Table, *, experiment: str, starts: datetime, ends: datetime, until: datetime | None = None
) -> Table:
    """The exposures of one experiment inside [starts, ends). `until`: as if the story ended there."""
    last = min(ends, until) if until else ends
    return exposures.filter(
        exposures.experiment == experiment, exposures.exposed_at >= starts, exposures.exposed_at < last
    )


def first_exposures(inside: Table, variants: Sequence[str], *, with_batches: bool = False) -> Table:
    """Rows `customer, variant, exposed_us, is_contaminated`: the first variant met, when, whether another was met too.

    Two variants met at the same moment: the first by name, so that every engine gives the same answer. A variant that
    is not among `variants` has the number after theirs.
    with_batches: also `batch` (0 where none is told) and `propensity` (0 where none is told) of the first exposure.
    """
    names = sorted(variants)
    number = inside.variant.cases(*((name, place) for place, name in enumerate(names)), else_=len(names))
    drawn = {"batch": inside.batch.fill_null(0), "propensity": inside.propensity.fill_null(0.0)} if with_batches else {}
    met = inside.select("customer", "exposed_us", number=number.cast("int64"), **drawn)
    steps = len(names) + 1
    in_order = met.exposed_us * steps + met.number  # by time, then by name
    found = met.group_by("customer").aggregate(
        exposed_us=met.exposed_us.min(),
        in_order=in_order.min(),
        lowest=met.number.min(),
        highest=met.number.max(),
        **{name: met[name].argmin(in_order) for name in drawn},
    )
    return found.select(
        "customer",
        variant=found.in_order - found.exposed_us * steps,
        exposed_us=found.exposed_us,
        is_contaminated=found.lowest != found.highest,
        **{name: found[name] for name in drawn},
    )


def met_again(known: Table, fresh: Table) -> Table:
    """The first exposures of whoever is in `fresh` (`first_exposures` of what `known` has not seen), with what `known`
    says of them: the earlier one counts, and another variant contaminates."""
    drawn = [name for name in ("batch", "propensity") if name in fresh.columns]
    columns = ["customer", "variant", "exposed_us", "is_contaminated", *drawn]
    met = together(known.semi_join(fresh, "customer").select(*columns), fresh.select(*columns))
    earliest = ibis.window(group_by=met.customer, order_by=[met.exposed_us, met.variant])
    of_one = ibis.window(group_by=met.customer)
    seen = met.mutate(
        place=ibis.row_number().over(earliest),
        is_contaminated=met.is_contaminated.any().over(of_one)
        | (met.variant.min().over(of_one) != met.variant.max().over(of_one)),
    )
    return seen.filter(seen.place == 0).select(*columns)


def together(one: Table, other: Table) -> Table:
    """The rows of both, by the columns of the first: a file knows less of its types than what it was made of."""
    return one.union(other.select(*one.columns).cast(one.schema()))


def labelled(first: Table, labels: Table, names: Sequence[str]) -> Table:
    """The exposed customers with the columns `names` of `labels` (customer, names...); others are `unknown`."""
    known = first.left_join(labels, "customer").drop("customer_right")
    return known.mutate(**{name: known[name].fill_null(UNKNOWN) for name in names})


def batches_met(first: Table) -> Table:
    """Rows `batch, variant, customers, first_us, last_us, lowest, highest`: who came in when, by which propensities."""
    return first.group_by("batch", "variant").aggregate(
        customers=first.count(),
        first_us=first.exposed_us.min(),
        last_us=first.exposed_us.max(),
        lowest=first.propensity.min(),
        highest=first.propensity.max(),
    )


def customers_by_variant(first: Table) -> Table:
    """Rows `variant, customers, contaminated`: how many met it first, and how many of them met another one too."""
    return first.group_by("variant").aggregate(customers=first.count(), contaminated=first.is_contaminated.sum())
