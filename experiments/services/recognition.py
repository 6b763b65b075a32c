"""Which experiments and variants the outer world may name in an exposure."""

from collections.abc import Collection

from experiments.models import Variant


def recognise(named: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Of these pairs (experiment key, variant key) those that exist, each with the experiment's uid."""
    keys = {experiment for experiment, _ in named}
    rows = Variant.objects.filter(experiment__key__in=keys).values_list("experiment__key", "key", "experiment__uid")
    return {(key, variant): str(uid) for key, variant, uid in rows if (key, variant) in named}
