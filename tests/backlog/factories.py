"""People, ideas, rounds and ballots to test with; through the models, so that a test can make what services refuse."""

from datetime import timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from backlog.choices import Grade
from backlog.models import Ballot, Evidence, Goal, Idea, RoundIdea, RoundMember, VotingRound
from backlog.quarters import Quarter
from engagement.core.clock import now
from tests.factories import MemberFactory, PodFactory


class IdeaFactory(DjangoModelFactory[Idea]):
    class Meta:
        model = Idea

    title = factory.Sequence(lambda n: f"Idea {n}")
    problem = "New readers get three asks in their first week."
    change = "No ask in the first seven days."
    author = factory.SubFactory(MemberFactory)


class GoalFactory(DjangoModelFactory[Goal]):
    """A share that is to rise from 30% to 33%."""

    class Meta:
        model = Goal

    quarter = factory.LazyFunction(lambda: str(Quarter(now().year, (now().month + 2) // 3)))
    pod = factory.SubFactory(PodFactory)
    name = factory.Sequence(lambda n: f"Goal {n}")
    metric_key = factory.Sequence(lambda n: f"metric_{n}")
    target = Decimal("0.33")
    baseline = Decimal("0.3")
    unit = "%"
    owner = factory.SubFactory(MemberFactory)


class EvidenceFactory(DjangoModelFactory[Evidence]):
    class Meta:
        model = Evidence

    idea = factory.SubFactory(IdeaFactory)
    source = factory.Sequence(lambda n: f"Source {n}")
    grade = Grade.OPINION
    says = "Somebody thinks so."
    added_by = factory.SubFactory(MemberFactory)


class VotingRoundFactory(DjangoModelFactory[VotingRound]):
    """An open round for a week, with nobody and nothing in it, that counts with any turnout."""

    class Meta:
        model = VotingRound

    name = factory.Sequence(lambda n: f"Round {n}")
    pod = factory.SubFactory(PodFactory)
    opened_by = factory.SubFactory(MemberFactory)
    closes_at = factory.LazyFunction(lambda: now() + timedelta(days=7))
    quorum_share = 0.0
    quorum_disciplines = 0


class RoundIdeaFactory(DjangoModelFactory[RoundIdea]):
    class Meta:
        model = RoundIdea

    round = factory.SubFactory(VotingRoundFactory)
    idea = factory.SubFactory(IdeaFactory)


class DisputedFactory(RoundIdeaFactory):
    """An idea of a round about which five voters are split on impact, 2 to 9, low ones first; not closed yet."""

    class Meta:
        model = RoundIdea
        skip_postgeneration_save = True

    round = factory.SubFactory(VotingRoundFactory, name="Round 7")
    idea = factory.SubFactory(IdeaFactory, title="A quiet week", state="in_round")

    @factory.post_generation
    def ballots(self, create: bool, extracted: None) -> None:
        for name, score in (("Lou", 2), ("Mia", 3), ("Nat", 8), ("Oz", 9), ("Pat", 8)):
            voter = RoundMemberFactory(round=self.round, member__name=name).member
            BallotFactory(round_idea=self, voter=voter, impact=score)


class RoundMemberFactory(DjangoModelFactory[RoundMember]):
    class Meta:
        model = RoundMember

    round = factory.SubFactory(VotingRoundFactory)
    member = factory.SubFactory(MemberFactory)


class BallotFactory(DjangoModelFactory[Ballot]):
    class Meta:
        model = Ballot

    round_idea = factory.SubFactory(RoundIdeaFactory)
    voter = factory.SubFactory(MemberFactory)
    impact = 5
    confidence = 5
    ease = 5
