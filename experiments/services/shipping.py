"""What customers get once an experiment has shipped a variant."""

from datetime import datetime

from experiments.models import DefaultMessage, Experiment, Variant


def replace_default(*, experiment: Experiment, variant: Variant, at: datetime) -> DefaultMessage:
    """In the transaction of the decision: the variant is the default from this moment on, for every experiment that
    stood in the same place. All but their holdouts get it, under whichever key it is asked for."""
    default = experiment.default_message
    if default is None:
        default = DefaultMessage.objects.create(key=experiment.key, variant=variant, since=at)
        Experiment.objects.filter(pk=experiment.pk).update(default_message=default)
        return default
    default.variant, default.since = variant, at
    default.save()
    return default
