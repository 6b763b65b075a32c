"""The publisher's metrics, audiences and last report."""

from collections.abc import Mapping

from engagement.accounts.models import Member
from engagement.customers.services import audiences
from experiments.demonstration.calendar import Calendar
from experiments.demonstration.leadership import (
    ASKS,
    AUDIENCES,
    GOAL_TREE,
    OWNERS,
    RATERS,
    RATINGS,
    READ_BY,
    RELEASED_BY,
    WRITTEN_BY,
)
from experiments.models import RegisteredMetric
from experiments.services import maturity, registry
from experiments.services.reporting import answering, releasing, writing

Members = Mapping[str, Member]


def say_what_success_means(members: Members) -> None:
    """The goal tree and the audiences; where the metrics stand is measured from the readers' events."""
    made: dict[str, RegisteredMetric] = {}
    for (key, serves), owner in zip(GOAL_TREE, OWNERS, strict=True):
        made[key] = registry.add_standard(key=key, actor=members[owner])
        registry.place(
            metric=made[key], serves=made[serves] if serves else None, is_top=serves is None, actor=members[owner]
        )
    registry.measure_nightly()
    for name, rule in AUDIENCES:
        version = audiences.create(name=name, rule=rule, actor=members[OWNERS[0]])
        audiences.count(version=version, asking=audiences.Asking(channels=["in_app"]))


def release_last_quarter(members: Members, *, calendar: Calendar) -> None:
    """Last quarter's report, rated by five, written by one member, released by another; one of its asks is answered.

    Its learnings are the decisions' own: in a small demonstration chance may have decided otherwise than the story.
    """
    quarter = calendar.last_full_quarter
    asks = [
        writing.ask(
            quarter=quarter, text=one.text, kind=one.kind, owner=members[one.owner], due=calendar.day(one.due),
            actor=members[WRITTEN_BY],
        )
        for one in ASKS
    ]  # fmt: skip
    for number, rater in enumerate(RATERS):
        maturity.rate(
            quarter=quarter, ratings={factor: given[number] for factor, given in RATINGS.items()}, actor=members[rater]
        )
    writing.write(quarter=quarter, title="", learnings=[], correction="", actor=members[WRITTEN_BY])
    releasing.release(quarter=quarter, actor=members[RELEASED_BY])
    reader = members[READ_BY]
    answering.answer(ask=asks[1], reply="yes", name=reader.name, member=reader)
