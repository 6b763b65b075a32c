"""The states of an experiment and the moves between them: one table, asked by every door."""

from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"
    DECIDED = "decided"
    CLOSED = "closed"


PLANNED = (State.DRAFT, State.READY)  # not launched, so that its plan may still change

MOVES: dict[State, frozenset[State]] = {
    # A finished experiment's results may be imported for a plan that ran elsewhere: straight to ended.
    State.DRAFT: frozenset({State.READY, State.ENDED}),
    State.READY: frozenset({State.DRAFT, State.RUNNING, State.ENDED}),
    State.RUNNING: frozenset({State.PAUSED, State.ENDED}),
    State.PAUSED: frozenset({State.RUNNING, State.ENDED}),
    State.ENDED: frozenset({State.DECIDED}),
    State.DECIDED: frozenset({State.CLOSED}),
    State.CLOSED: frozenset(),
}


def may_move(current: State, target: State) -> bool:
    return target in MOVES[current]
