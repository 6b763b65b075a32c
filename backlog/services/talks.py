"""The talk on a disputed idea: both ends write before anybody reads either of them."""

from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from backlog import rules
from backlog.choices import End, Scale
from backlog.models import Explanation, Talk, VotingRound
from backlog.services import columns
from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import Forbidden, InvalidInput, NotFound
from engagement.core.jobs import Progress


def invite(*, voting_round: VotingRound) -> None:
    """A talk on each disputed idea, in the transaction that closes the round and with its one entry.

    None after a second round: what is disputed still is settled by experiment.
    """
    if voting_round.first_round_id is not None:
        return
    for place in voting_round.round_ideas.prefetch_related("ballots"):
        scale = place.most_disputed_scale
        if scale is not None:
            talk = Talk.objects.create(round_idea=place, scale=scale)
            ends = zip(End, rules.both_ends(place.ballots.all(), scale), strict=True)
            Explanation.objects.bulk_create([Explanation(talk=talk, ballot=ballot, end=end) for end, ballot in ends])


@transaction.atomic
def explain(*, talk: Talk, text: str, actor: Member, would_change: str = "", at: datetime | None = None) -> Talk:
    """Keeps what one end has to say. It is shown to nobody else before the other end has written too.

    The talk is locked first: of two who write at once the second one opens it.
    """
    require_writer(actor)
    talk, explanations = _locked(talk)
    mine = next((one for one in explanations if one.voter == actor), None)
    refusal = rules.explanation_refusal(talk, mine)
    if mine is None or refusal is not None:
        raise refusal or Forbidden(_("You are no end of this dispute."))
    if not text.strip():
        raise InvalidInput(_("Say why you scored it so."), field="text")
    mine.text, mine.would_change, mine.written_at = text.strip(), would_change.strip(), at or now()
    columns.check(mine)
    mine.save()
    if all(one.is_written for one in explanations):
        talk.opened_at = mine.written_at
        talk.save()
    audit.record(actor=actor, verb="explained", target=talk, at=mine.written_at)
    return talk


@transaction.atomic
def let_stand_alone(*, talk: Talk, reason: str, actor: Member | None, at: datetime | None = None) -> Talk:
    """Shows the one text there is, once the other end has been waited for as long as the round said."""
    require_writer(actor)
    moment, reason = at or now(), reason.strip()
    talk, explanations = _locked(talk)
    if actor is not None and not rules.is_moderator(actor, talk.round_idea.round):
        raise Forbidden(_("Only whoever opened the round, its pod and administrators may let a text stand alone."))
    refusal = rules.alone_refusal(talk, written_by=sum(one.is_written for one in explanations), at=moment)
    if refusal is not None:
        raise refusal
    if not reason:
        raise InvalidInput(_("Say why one text stands alone."), field="reason")
    talk.opened_at, talk.alone_by, talk.alone_reason = moment, actor, reason
    columns.check(talk)
    talk.save()
    audit.record(actor=actor, verb="let one text stand alone", target=talk, reason=reason, at=moment)
    return talk


@transaction.atomic
def ask(*, talk: Talk, end: str, actor: Member, at: datetime | None = None) -> Explanation:
    """Has one end asked for their reason by a polite mail: once, whoever asks."""
    require_writer(actor)
    talk, explanations = _locked(talk)
    asked = next((one for one in explanations if one.end == end), None)
    if asked is None:
        raise NotFound(_("This dispute has no such end."))
    refusal = rules.asking_refusal(actor, talk, asked)
    if refusal is not None:
        raise refusal
    asked.asked_at, asked.asked_by = at or now(), actor
    asked.save()
    audit.record(actor=actor, verb="asked for a reason", target=talk, after={"asked": asked.voter.name}, at=at)
    label = _("Asking %(name)s for a reason") % {"name": asked.voter}
    jobs.enqueue("backlog.tasks.ask_for_reason", label=label, asked_by=actor, explanation_id=asked.pk)
    return asked


def mail(*, explanation_id: int, progress: Progress) -> str:
    """The mail itself, never twice; what was done, as a sentence. One that could not leave counts as not asked."""
    unsent = Explanation.objects.filter(pk=explanation_id, asked_at__isnull=False)
    asked = unsent.select_related("ballot__voter", "asked_by", "talk__round_idea__round", "talk__round_idea__idea")
    found = asked.first()
    if found is None:
        raise NotFound(_("Nobody is asked for this reason."))
    progress.doing(_("Sending the question"))
    if not unsent.filter(mailed_at=None).update(mailed_at=now()):
        return _("%(name)s was asked already.") % {"name": found.voter}
    try:
        send_mail(*_written(found), settings.DEFAULT_FROM_EMAIL, [found.voter.email])
    except OSError:
        unsent.update(asked_at=None, asked_by=None, mailed_at=None)
        raise
    return _("%(name)s is asked.") % {"name": found.voter}


def _written(asked: Explanation) -> tuple[str, str]:
    """Subject and text."""
    place = asked.talk.round_idea
    values = {
        "name": asked.voter,
        "asker": asked.asked_by,
        "idea": " ".join(place.idea.title.split()),  # a line break would end a header
        "round": place.round,
        "scale": Scale(asked.talk.scale).label.lower(),
        "score": asked.score,
        "link": settings.BASE_URL + reverse("ballot", args=[place.round_id, place.idea_id]) + "#talk",
    }
    text = _(
        "Dear %(name)s,\n\n"
        "in %(round)s your ballot for “%(idea)s” says %(score)s on %(scale)s, at one end of the pod’s. Whoever "
        "stands at an end has often seen what others have not, and %(asker)s would like to know why.\n\n"
        "%(link)s\n\n"
        "Nobody else reads your text before the other end has written too. This is the only mail about it.\n"
    )
    return _("%(asker)s asks for your reason: %(idea)s") % values, text % values


def _locked(talk: Talk) -> tuple[Talk, list[Explanation]]:
    """The talk as it is now, held until the caller's transaction ends, and both its ends."""
    talk = (
        Talk.objects.select_for_update(of=("self",))
        .select_related("round_idea__round__pod", "round_idea__idea")
        .get(pk=talk.pk)
    )
    explanations = list(talk.explanations.select_related("ballot__voter"))
    for one in explanations:
        one.talk = talk
    return talk, explanations
