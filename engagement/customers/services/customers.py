"""Making customers known."""

from collections.abc import Iterator, Sequence

from engagement.customers.models import Customer

CHUNK = 900  # SQLite takes 999 parameters in a statement where it was built with its old default


def ensure(external_ids: Sequence[str]) -> list[int]:
    """The internal id of each external id, in the same order; unknown customers are created. Safe to repeat."""
    known: dict[str, int] = {}
    for chunk in _chunks(external_ids):
        known.update(_ids(chunk))
        missing = [
            Customer(external_id=external_id) for external_id in dict.fromkeys(chunk) if external_id not in known
        ]
        if missing:
            # Conflicts: another import may create the same customers at this moment; then its rows serve.
            Customer.objects.bulk_create(missing, ignore_conflicts=True)
            known.update(_ids([customer.external_id for customer in missing]))
    return [known[external_id] for external_id in external_ids]


def _ids(external_ids: Sequence[str]) -> dict[str, int]:
    return dict(Customer.objects.filter(external_id__in=external_ids).values_list("external_id", "pk"))


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
