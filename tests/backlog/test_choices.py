"""The table of moves."""

from backlog.choices import ALLOWED_MOVES, ANCHORS, IdeaState, Scale, may_become


def test_every_state_has_its_moves_and_can_be_reached():
    assert set(ALLOWED_MOVES) == set(IdeaState)
    assert set().union(*ALLOWED_MOVES.values()) == set(IdeaState)


def test_an_idea_in_a_round_leaves_it_only_by_its_closing_or_by_a_merge():
    assert ALLOWED_MOVES[IdeaState.IN_ROUND] == {IdeaState.SCORED, IdeaState.BACKLOG, IdeaState.MERGED}


def test_may_become_reads_the_table_backwards():
    assert set(may_become(IdeaState.IN_ROUND)) == {IdeaState.BACKLOG, IdeaState.SCORED}
    assert set(may_become(IdeaState.PLANNED)) == {IdeaState.BACKLOG, IdeaState.SCORED, IdeaState.DECIDED}


def test_every_scale_has_its_four_anchors():
    for scale in Scale:
        assert {1, 4, 7, 10} <= {number for number, _ in ANCHORS[scale]}
