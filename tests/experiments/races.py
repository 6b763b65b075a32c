"""Eight members decide at once on a real database; run inside an installation."""

import json
import tempfile
from pathlib import Path

from engagement.accounts.models import AuditEntry
from experiments.models import Decision, Experiment
from experiments.services import decisions
from tests.backlog.races import together
from tests.experiments.builders import imported
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
    print(json.dumps(told))
