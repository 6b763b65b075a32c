"""Long work around the backlog, as jobs: resolved by dotted name, repeatable, each ends in a sentence."""

from django.urls import reverse

from backlog.services import talks
from engagement.core.jobs import Progress


def ask_for_reason(*, progress: Progress, explanation_id: int) -> tuple[str, str]:
    """Mails one end of a dispute the question for their reason."""
    return talks.mail(explanation_id=explanation_id, progress=progress), reverse("home")
