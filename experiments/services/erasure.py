"""What experiments keep of a customer, and lets go when the customer is erased."""

from collections.abc import Collection

from engagement.core.uploads import holds
from experiments.models import Assignment, EligibleCustomer, ExposedTraits, ResultsUpload
from experiments.services.results_uploads import discard


def forget(*, customers: Collection[int], names: Collection[str]) -> None:
    """Deletes traits frozen at exposure, eligibility, kept decisions, and uploaded files that hold a name of theirs.

    Readouts stay: they hold sums. A kept decision goes with the name it was made under; whoever is erased meets no
    further message, so nothing is decided about them again.
    """
    ExposedTraits.objects.filter(customer_id__in=customers).delete()
    EligibleCustomer.objects.filter(customer_id__in=customers).delete()
    Assignment.objects.filter(customer_key__in=names).delete()
    for upload in ResultsUpload.objects.all():
        if holds(upload.path, names):
            discard(upload)
