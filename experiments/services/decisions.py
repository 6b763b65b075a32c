"""Recording what was decided."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backlog.services import ideas
from engagement.accounts.models import Member
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from experiments import queries, rules, stats
from experiments.choices import DecisionKind
from experiments.lifecycle import State
from experiments.models import Decision, Experiment, Variant
from experiments.reports.effects import primary_effect
from experiments.services import learnings, shipping


def decide(
    *,
    experiment: Experiment,
    kind: str,
    reason: str,
    learning: str,
    actor: Member | None,
    variant: Variant | None = None,
    at: datetime | None = None,
) -> Decision:
    """The decision on the newest readout, with its reason and what the next pod should know; what is shipped is the
    default message from then on.

    Refused for the strategy owner and the launch owner (and the attempt is kept in the audit trail), without a readout,
    without reason or learning, and when a decision is there already.
    """
    try:
        rules.require_may_decide(actor, experiment)
    except Forbidden as error:
        audit.record(actor=actor, verb="was refused to decide", target=experiment, reason=str(error))
        raise
    return _decide(experiment, kind, variant, reason.strip(), learning.strip(), actor, at or now())


@transaction.atomic
def _decide(
    experiment: Experiment,
    kind: str,
    variant: Variant | None,
    reason: str,
    learning: str,
    actor: Member | None,
    at: datetime,
) -> Decision:
    readout = queries.newest_readout(experiment.key)
    _check(experiment, kind, variant, reason, learning, readout.document)
    # The move is the lock: of two decisions at once only one finds the experiment still ended.
    if not Experiment.objects.filter(pk=experiment.pk, state=State.ENDED).update(state=State.DECIDED):
        raise Conflict(
            _("This experiment is not waiting for a decision: it is %(state)s.") % {"state": _state(experiment)}
        )
    decision = Decision.objects.create(
        experiment=experiment, readout=readout, kind=kind, variant=variant, reason=reason, learning=learning,
        decided_by=actor, decided_at=at,
    )  # fmt: skip
    if variant is not None:
        shipping.replace_default(experiment=experiment, variant=variant, at=at)
    experiment.refresh_from_db()
    if experiment.idea is not None:
        ideas.mark_decided(idea=experiment.idea, actor=actor, at=at)
    learnings.keep(experiment=experiment)
    after = {"state": experiment.state, "decision": kind, "variant": variant.key if variant else None}
    audit.record(
        actor=actor, verb="decided", target=experiment, before={"state": State.ENDED}, after=after, reason=reason, at=at
    )
    return decision


def _check(
    experiment: Experiment, kind: str, variant: Variant | None, reason: str, learning: str, document: dict[str, Any]
) -> None:
    if kind not in DecisionKind.values:
        raise InvalidInput(_("Choose one of the decisions."), field="kind")
    if (kind == DecisionKind.SHIP) != (variant is not None):
        raise InvalidInput(_("Shipping names the variant to ship; the other decisions name none."), field="variant")
    if variant is not None and variant.experiment_id != experiment.pk:
        raise InvalidInput(_("That variant belongs to another experiment."), field="variant")
    if not reason:
        raise InvalidInput(_("Say why: the quarterly report shows the reason."), field="reason")
    if not learning:
        raise InvalidInput(_("Say in one sentence what the next pod should know."), field="learning")
    effect = primary_effect(document)
    if kind == DecisionKind.SHIP and effect is not None and effect.verdict == stats.Verdict.INVALID:
        raise Conflict(_("A health check failed, so the result is invalid and nothing can be shipped on it."))


def _state(experiment: Experiment) -> str:
    return str(Experiment.objects.get(pk=experiment.pk).get_state_display())
