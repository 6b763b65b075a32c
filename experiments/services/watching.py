"""What a readout shows that cannot wait: told once, and paused for where the plan said so."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.customers.models import Feed
from experiments.choices import PAUSE_CONDITIONS, AlertKind, MetricRole
from experiments.lifecycle import State
from experiments.models import Alert, Experiment, Readout
from experiments.services import alerting, plans, runs

# The status of a check from which people are told. A guardrail's harm makes no comparison invalid: it only warns.
ALARMS = {AlertKind.GUARDRAIL: "warn", AlertKind.SAMPLE_RATIO: "fail", AlertKind.FRESHNESS: "fail"}
WATCHED = (State.RUNNING, State.PAUSED, State.ENDED)


def choose_pauses(*, experiment: Experiment, conditions: Collection[str], actor: Member) -> Experiment:
    """Writes into the plan when the experiment pauses by itself; frozen with the rest of the plan at the launch."""
    known = [value for value, _label in PAUSE_CONDITIONS]
    if set(conditions) - set(known):
        raise InvalidInput(_("A plan cannot pause on that."), field="pauses_on")
    if conditions and experiment.follows_dates:
        raise Conflict(_("It runs elsewhere, so it has to be paused there."), field="pauses_on")
    if AlertKind.GUARDRAIL in conditions and not _has_guardrail(experiment):
        sentence = _("The plan has no guardrail with a margin, so none can be crossed.")
        raise InvalidInput(sentence, field="pauses_on")
    chosen = [value for value in known if value in conditions]
    return plans.change(experiment=experiment, actor=actor, pauses_on=chosen)


@transaction.atomic
def look(readout: Readout) -> list[Alert]:
    """What this readout shows for the first time, each kept as an alert; the experiment is paused where its plan says.

    A fact pauses once: whoever resumes in spite of it is not overruled by the next readout.
    """
    moment = now()
    # Locked: of two readouts at once the second finds what the first has told.
    experiment = Experiment.objects.select_for_update(of=("self",)).get(pk=readout.experiment_id)
    if experiment.state not in WATCHED or hasattr(experiment, "results_import"):
        return []
    told = {(alert.kind, one) for alert in experiment.alerts.all() for one in alert.about}
    alarms = [check for check in readout.document["health"] if ALARMS.get(check["check"]) == check["status"]]
    news = [(check, [one for one in _about(check) if (check["check"], one) not in told]) for check in alarms]
    raised = [_raise(experiment, check, about, at=moment) for check, about in news if about]
    alerting.tell_untold(experiment=experiment)
    return raised


def _about(check: dict[str, Any]) -> list[str]:
    """What the check is about, as it is told once. A feed goes by its last event: if it dries up again, it is news."""
    if check["check"] != AlertKind.FRESHNESS:
        return list(check.get("about", ["shares"]))
    feeds = Feed.objects.filter(event__in=check.get("about", ())).order_by("event")
    return [f"{feed.event} since {feed.newest_at}" for feed in feeds]


def _raise(experiment: Experiment, check: dict[str, Any], about: list[str], *, at: datetime) -> Alert:
    alert = Alert(experiment=experiment, kind=check["check"], about=about, sentence=check["message"], at=at)
    if alert.kind in experiment.pauses_on:
        alert.has_paused = runs.pause_by_plan(experiment=experiment, reason=alert.sentence, at=at)
    alert.save()
    return alert


def _has_guardrail(experiment: Experiment) -> bool:
    guards = [metric.definition for metric in experiment.metrics.filter(role=MetricRole.GUARDRAIL)]
    return any(guard.margin is not None or guard.margin_absolute is not None for guard in guards)
