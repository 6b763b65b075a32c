"""Real concurrency, on the database this run is about: one clear outcome each."""

import json
from collections.abc import Iterator

import pytest

from tests.installation import Installation


@pytest.fixture(scope="module")
def races(pattern, tmp_path_factory) -> Iterator[dict]:
    installation = Installation(tmp_path_factory.mktemp("races"), like=pattern)
    try:
        yield json.loads(installation.shell("from tests.backlog.races import main; main()"))
    finally:
        installation.stop()


def test_at_the_same_moment_one_ballot_one_closing_and_nothing_lost(races):
    assert races["one_voter_eight_times"] == {"ended": ["Conflict"] * 7 + ["done"], "ballots": 1}
    assert races["four_moderators"] == {"ended": ["Conflict"] * 3 + ["done"], "closings": 1, "state": "closed"}
    closing = races["ballots_while_it_closes"]
    assert closing["done"] == closing["kept"] == closing["counted"]
    assert closing["refusals"] in ([], ["Conflict"])
    assert races["two_ideas_merged_both_ways_by_four"] == {
        "ended": ["Conflict"] * 3 + ["done"],
        "places": 1,
        "merged": 1,
        "impacts": [9] * 4,
        "voters": 4,
    }
    merging = races["a_merge_while_it_is_scored_and_closed"]
    assert merging["done"] == merging["ballots"] == merging["counted"]
    assert merging["refusals"] in ([], ["Conflict"])
    assert merging["merged"]


def test_a6_at_the_same_moment_both_ends_open_their_talk_one_asks_and_one_second_round_opens(races):
    talk = races["both_ends_writing_and_asked_for_it"]
    assert (talk["texts"], talk["opened_by_the_last"]) == (["Lou", "Oz"], True)
    assert talk["asked"] == talk["jobs"] in (0, 1)
    assert races["four_second_rounds"] == {"ended": ["InvalidInput"] * 3 + ["done"], "opened": 1}
