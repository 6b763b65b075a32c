"""The retro: it closes an experiment, and what to try next becomes an idea with today's result under it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from backlog.choices import Grade
from backlog.models import Idea
from backlog.services import evidence, ideas
from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from experiments.lifecycle import State
from experiments.models import Experiment, Retro
from experiments.services import learnings


@transaction.atomic
def close(
    *, experiment: Experiment, why: str, learning: str, actor: Member, surprise: str = "", at: datetime | None = None
) -> Retro:
    """Writes the retro and closes the decided experiment; refused without a learning: one sentence is enough."""
    require_writer(actor)
    if not learning.strip():
        raise InvalidInput(_("Write what the next pod should know: one sentence is enough."), field="learning")
    if not why.strip():
        raise InvalidInput(_("Say why it came out so."), field="why")
    # The move is the lock: of two retros at once only one finds the experiment still decided.
    if not Experiment.objects.filter(pk=experiment.pk, state=State.DECIDED).update(state=State.CLOSED):
        raise Conflict(_("An experiment is closed once it is decided, and once only."))
    moment = at or now()
    retro = Retro.objects.create(
        experiment=experiment, why=why.strip(), surprise=surprise.strip(), learning=learning.strip(),
        written_by=actor, written_at=moment,
    )  # fmt: skip
    learnings.keep(experiment=experiment)
    before, after = {"state": State.DECIDED}, {"state": State.CLOSED, "learning": retro.learning}
    audit.record(actor=actor, verb="closed", target=experiment, before=before, after=after, at=moment)
    experiment.refresh_from_db()
    return retro


@transaction.atomic
def next_idea(*, experiment: Experiment, title: str, problem: str, change: str, actor: Member, url: str = "") -> Idea:
    """A real idea of the experiment's pod, with what was learned as its evidence."""
    if experiment.state != State.CLOSED:
        raise Conflict(_("Next ideas follow from a retro: write it first."))
    learning = Retro.objects.get(experiment=experiment).learning
    made = ideas.add(title=title, problem=problem, change=change, actor=actor, pod=experiment.pod)
    evidence.link(
        idea=made, source=experiment.name, grade=Grade.OWN_EXPERIMENT, says=learning, actor=actor,
        url=url,
    )  # fmt: skip
    return made
