"""What the outer world may say of an exposure: which experiment and variant there are, and who has which."""

from collections.abc import Collection

from experiments.choices import ExperimentKind
from experiments.models import Assignment, Experiment, Variant
from experiments.services.assigning import CHUNK, experiment_open_now, held_variant


def recognise(named: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Of these pairs (experiment key, variant key) those that exist, each with the experiment's uid."""
    keys = {experiment for experiment, _ in named}
    rows = Variant.objects.filter(experiment__key__in=keys).values_list("experiment__key", "key", "experiment__uid")
    return {(key, variant): str(uid) for key, variant, uid in rows if (key, variant) in named}


def drawn(named: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[float, int]]:
    """Of these pairs (experiment key, customer id) those whose variant a bandit drew: its propensity and its batch."""
    customers: dict[str, list[str]] = {}
    for experiment, customer in named:
        customers.setdefault(experiment, []).append(customer)
    columns = ("experiment__key", "customer_key", "propensity", "batch")
    bandits = Variant.objects.filter(experiment__kind=ExperimentKind.BANDIT, experiment__key__in=customers)
    return {
        (key, customer): (propensity, batch)
        for key in set(bandits.values_list("experiment__key", flat=True))
        for start in range(0, len(customers[key]), CHUNK)
        for _key, customer, propensity, batch in Assignment.objects.filter(
            experiment__key=key, customer_key__in=customers[key][start : start + CHUNK]
        ).values_list(*columns)
    }


def names(uids: Collection[str]) -> dict[str, str]:
    """What the experiments of these uids are called; of those that are gone nothing."""
    rows = Experiment.objects.filter(uid__in=uids).values_list("uid", "name")
    return {str(uid): name for uid, name in rows}


def has_variant(experiment: str, customer: str, variant: str) -> bool:
    """Whether this customer has this variant of an experiment that decides now; decides nothing new."""
    found = experiment_open_now(experiment)
    return found is not None and held_variant(found, customer) == variant
