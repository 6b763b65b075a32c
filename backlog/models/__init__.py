from backlog.models.ballots import Ballot
from backlog.models.columns import TEXT_LIMIT
from backlog.models.goals import Goal
from backlog.models.ideas import Evidence, Idea, Post
from backlog.models.rounds import RoundIdea, RoundMember, VotingRound
from backlog.models.talks import Explanation, Talk

__all__ = [
    "TEXT_LIMIT",
    "Ballot",
    "Evidence",
    "Explanation",
    "Goal",
    "Idea",
    "Post",
    "RoundIdea",
    "RoundMember",
    "Talk",
    "VotingRound",
]
