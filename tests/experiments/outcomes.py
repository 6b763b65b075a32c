"""Ideas that somebody scored, and decisions on them, without a store: readouts are copies of real ones."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from backlog.models import Ballot, Idea
from engagement.accounts.models import Member
from experiments.models import Decision, Experiment, Readout, Variant
from tests.backlog.factories import BallotFactory, IdeaFactory, RoundIdeaFactory, VotingRoundFactory
from tests.experiments.builders import imported, mismatched

RATES = {"better": {"none": 0.3, "mail": 0.5}, "worse": {"none": 0.5, "mail": 0.3}}


def documents(folder: Path) -> dict[str, dict[str, Any]]:
    """A readout of each kind, by its verdict."""
    found = {word: imported(folder, key=word, rates=rates).readouts.get().document for word, rates in RATES.items()}
    invalid = mismatched(folder).readouts.get().document
    Readout.objects.all().delete()
    Experiment.objects.all().delete()
    return {**found, "invalid": invalid}


def scored(voter: Member, title: str, at: datetime, **scores: Any) -> Ballot:
    """A ballot cast a month before `at`, in a round that closed a day later."""
    cast_at = at - timedelta(days=30)
    times = {"opens_at": cast_at, "closes_at": cast_at + timedelta(days=1), "closed_at": cast_at + timedelta(days=1)}
    place = RoundIdeaFactory(round=VotingRoundFactory(state="closed", **times), idea=IdeaFactory(title=title))
    return BallotFactory(round_idea=place, voter=voter, cast_at=cast_at, **scores)


def decide(idea: Idea, document: dict[str, Any], at: datetime, **columns: Any) -> Decision:
    key = f"e{Experiment.objects.count()}"
    experiment = Experiment.objects.create(key=key, name=f"About {idea}", idea=idea, state="decided", **columns)
    Variant.objects.bulk_create(
        Variant(experiment=experiment, key=key, name=key, position=place, share=0.5)
        for place, key in enumerate(row["key"] for row in document["variants"])
    )
    readout = Readout.objects.create(experiment=experiment, as_of=at, document=document)
    return Decision.objects.create(
        experiment=experiment, readout=readout, kind="stop", reason="So.", learning="Learned.", decided_at=at
    )
