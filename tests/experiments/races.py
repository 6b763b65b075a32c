"""Eight members decide at once, and four release the quarter, on a real database; run inside an installation."""

import json
import tempfile
from pathlib import Path

from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from experiments.models import Decision, Experiment, ReportRevision
from experiments.reports.quarterly.period import quarter_of
from experiments.services import decisions, variants
from experiments.services.reporting import releasing, writing
from tests.backlog.races import together
from tests.experiments.builders import imported, planned
from tests.factories import MemberFactory


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        experiment = imported(Path(folder))
    members = [MemberFactory() for _ in range(8)]

    def decide(member: object) -> object:
        mine = Experiment.objects.get(pk=experiment.pk)
        return decisions.decide(experiment=mine, kind="stop", reason="r", learning="l", actor=member)

    ended = together([lambda member=member: decide(member) for member in members])
    told = {
        "ended": ended,
        "decisions": Decision.objects.count(),
        "entries": AuditEntry.objects.filter(verb="decided").count(),
        "state": Experiment.objects.get().state,
    }
    told["releases"] = released_by_four()
    print(json.dumps(told))


def released_by_four() -> dict[str, object]:
    quarter = quarter_of(now())
    learnings = [{"text": "Mails bring buyers.", "experiment": ""}]
    writing.write(quarter=quarter, title="", learnings=learnings, correction="", actor=MemberFactory())
    readers = [MemberFactory() for _ in range(4)]
    ended = together([lambda one=one: releasing.release(quarter=quarter, actor=one, seen_version=1) for one in readers])
    return {"ended": ended, "revisions": ReportRevision.objects.count()}


def written_by_eight() -> None:
    """Eight members have the same message before them and save a text of their own at the same moment."""
    experiment = planned(key="written")
    variant = experiment.variants.get(position=1)

    def write(number: int) -> None:
        said = {"email": {"subject": f"Text {number}"}}
        variants.save(variant=variant, contents=said, seen_version=1, actor=writers[number])

    writers = [MemberFactory() for _ in range(8)]
    ended = together([lambda number=number: write(number) for number in range(8)])
    variant.refresh_from_db()
    entries = AuditEntry.objects.filter(verb="changed message").count()
    print(json.dumps({"ended": ended, "version": variant.message.version, "entries": entries}))
