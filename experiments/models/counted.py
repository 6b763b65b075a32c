"""What was counted already: the sums of days that are over, so that a later analysis reads only what came after."""

from django.db import models

from experiments.models.experiment import Experiment


class Counting(models.Model):
    """What an experiment's last counting had seen. What arrives later for a day it counted is late: told, not added.

    An arrival is known by the time it was received. One that was received before the newest one seen and stored after
    it would escape the count of late ones, and the count alone.
    """

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="counting")
    counted_at = models.DateTimeField()
    seen_events = models.DateTimeField(null=True, help_text="When the newest event seen was received.")
    seen_exposures = models.DateTimeField(null=True)
    curve = models.JSONField(null=True, help_text="Who came back on which day, and up to when that was counted.")
    exposed = models.JSONField(null=True, help_text="The file of exposed customers; see services.exposed_kept.")
    late = models.PositiveBigIntegerField(default=0, help_text="Events, exposures and merges that came too late.")

    def __str__(self) -> str:
        return f"{self.experiment.key} counted {self.counted_at:%Y-%m-%d %H:%M}"


class CountedDays(models.Model):
    """One metric's day cells up to `through`; sums made under another `definition` are not to be added to."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="counted_days")
    metric_key = models.CharField(max_length=100)
    definition = models.CharField(max_length=64, help_text="A hash of all that the sums depend on.")
    through = models.DateTimeField(help_text="A midnight, UTC; every day before it is counted.")
    cells = models.JSONField()

    class Meta:
        verbose_name_plural = "counted days"
        constraints = [models.UniqueConstraint(fields=["experiment", "metric_key"], name="counted_days_once")]

    def __str__(self) -> str:
        return f"{self.metric_key} of {self.experiment.key} through {self.through:%Y-%m-%d}"


class ExposedTraits(models.Model):
    """A customer's values of the plan's subgroups as they were when an analysis first met the customer."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    values = models.JSONField(help_text="Texts, in the order of the experiment's subgroups.")

    class Meta:
        verbose_name_plural = "exposed traits"
        constraints = [models.UniqueConstraint(fields=["experiment", "customer"], name="exposed_traits_once")]

    def __str__(self) -> str:
        return f"customer {self.customer_id} in {self.experiment.key}"
