"""Blind means blind: every door × every role × before and after closing, with data that would show if it leaked.

Before closing, the test is non-interference: the hidden ballots are changed, commented and removed, and each door must
answer a blind member byte for byte as before. A door that is not listed here fails the first test.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.db.models import F
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from backlog.models import Ballot, RoundIdea, Talk
from backlog.scoring import SCALES
from backlog.services import ballots, discussion, ideas, rounds, talks
from engagement.accounts.choices import Role
from engagement.accounts.models import Member
from engagement.core.clock import now
from tests.backlog.factories import (
    BallotFactory,
    EvidenceFactory,
    GoalFactory,
    RoundIdeaFactory,
    RoundMemberFactory,
    VotingRoundFactory,
)
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
MARKER, ASKED = "MARKER-7391", "MARKER"  # what must not show; what doors are asked for
QUARTER = f"{now():%Y}-Q{(now().month + 2) // 3}"
COMMENTS = ("comment", *(f"{scale}_comment" for scale in SCALES))
SAID = "UNREAD-5520"  # what one end of a dispute wrote
FRAGMENT = {"HX-Request": "true"}
WRITES_ONLY = {
    "api_talks-alone",
    "api_talks-ask",
    "api_talks-explanation",
    "evidence_link",
    "evidence_unlink",
    "idea_decline",
    "idea_take_up_again",
    "post_write",
    "round_close",
    "round_extend",
    "round_waive",
    "talk_alone",
    "talk_ask",
    "talk_explain",
}
BLIND_ROLES = ["administrator", "invited", "abstained", "not_invited", "reader", "author"]
ALL_ROLES = [*BLIND_ROLES, "voted"]
API_LISTS = {
    pattern.name
    for urls in ("backlog.api.urls", "experiments.api.urls")
    for pattern in get_resolver(urls).url_patterns
    if isinstance(pattern, URLPattern) and pattern.name and pattern.name.endswith("-list")
}


@dataclass
class World:
    """An open round: one idea with four hidden ballots, one without any, and somebody in each role."""

    place: RoundIdea
    other: RoundIdea
    hidden: list[Ballot]
    people: dict[str, Member]

    def client(self, role: str) -> Client:
        client = Client()
        if role in self.people:
            client.force_login(self.people[role])
        return client

    def close(self) -> None:
        rounds.close_round(voting_round=self.place.round, actor=None)


@pytest.fixture
def world() -> World:
    author, opener = MemberFactory(name="Author"), MemberFactory(name="Opener")
    pod = PodFactory(members=[author, opener])
    voting_round = VotingRoundFactory(pod=pod, opened_by=opener)
    place, other = (
        RoundIdeaFactory(
            round=voting_round, idea__author=author, idea__pod=pod, idea__state="in_round", idea__title=title
        )
        for title in ("The secret idea", "The other idea")
    )
    people = {
        "administrator": MemberFactory(name="Administrator", role=Role.ADMINISTRATOR),
        "not_invited": MemberFactory(name="Not invited"),
        "reader": MemberFactory(name="Reader", role=Role.READER),
        "author": author,
        **{role: MemberFactory(name=role.title()) for role in ("invited", "abstained", "voted")},
    }
    for role in ("author", "invited", "abstained", "voted"):
        RoundMemberFactory(round=voting_round, member=people[role])
    EvidenceFactory(idea=place.idea)
    place.idea.serves = GoalFactory(pod=pod, quarter=QUARTER, owner=author)
    place.idea.expected_audience = 1
    place.idea.save()
    for one in (place, other):
        BallotFactory(round_idea=one, voter=people["abstained"], impact=None, confidence=None, ease=None)
    BallotFactory(round_idea=place, voter=people["voted"], impact=2, confidence=2, ease=2)
    hidden = [_hidden_ballot(place, other, number) for number in range(4)]
    return World(place, other, hidden, people)


def _hidden_ballot(place: RoundIdea, other: RoundIdea, number: int) -> Ballot:
    """A ballot cast through the service, so that its trace is in the trail; its voter has voted elsewhere too."""
    voter = RoundMemberFactory(round=place.round, member__name=f"Voter {number}").member
    scores = {"impact": 9, "confidence": 8 + number % 2, "ease": 10}
    comment = f"{MARKER} {number}"
    on_scales = {f"{scale}_comment": f"{comment} on {scale}" for scale in SCALES}
    ballots.cast(
        voting_round=other.round,
        idea=other.idea,
        voter=voter,
        comment=comment,
        **on_scales,
        expected_lift=Decimal("0.7391"),
        **scores,
    )
    return ballots.cast(
        voting_round=place.round,
        idea=place.idea,
        voter=voter,
        comment=comment,
        **on_scales,
        expected_lift=Decimal("0.7391"),
        **scores,
    )


def doors(world: World) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name, address and headers of everything one can ask about ideas, rounds, ballots and what happened to them."""
    place, ballot = world.place, world.hidden[0]
    talk = Talk.objects.filter(round_idea=place).first()
    both = [place.round_id, place.idea_id]
    addresses = {
        "home": ["/"],
        "ideas": ["/ideas/", "/ideas/?sort=score", f"/ideas/?q={ASKED}", "/ideas/?sort=ice", "/ideas/?state=in_round"],
        "idea": [reverse("idea", args=[place.idea_id])],
        "idea_new": ["/ideas/new/"],
        "idea_merge": [reverse("idea_merge", args=[place.idea_id])],
        "ideas_csv": ["/ideas.csv", "/ideas.csv?sort=score"],
        "ideas_import": ["/ideas/import/"],
        "ideas_similar": [f"/ideas/similar/?title={ASKED}", "/ideas/similar/?title=secret+idea"],
        "coverage": ["/ideas/coverage/"],
        "idea_change": [reverse("idea_change", args=[place.idea_id])],
        "calendar": [f"/calendar/{QUARTER}/"],
        "calendar_csv": [f"/calendar/{QUARTER}/{name}.csv" for name in ("weeks", "experiments")],
        "goals_now": ["/goals/"],
        "goals": [reverse("goals", args=[QUARTER])],
        "goals_csv": [reverse("goals_csv", args=[QUARTER])],
        "goal_new": [reverse("goal_new", args=[QUARTER])],
        "goal_change": [reverse("goal_change", args=[QUARTER, place.idea.serves_id])],
        "rounds": ["/rounds/", "/rounds/?sort=score"],
        "round": [reverse("round", args=[place.round_id]), reverse("round", args=[place.round_id]) + "?sort=score"],
        "round_csv": [reverse("round_csv", args=[place.round_id])],
        "round_new": ["/rounds/new/"],
        "practice": ["/rounds/practice/1/", "/rounds/practice/1/?sent=1&impact=7&confidence=5&ease=8"],
        "round_second": [reverse("round_second", args=[place.round_id])],
        "ballot": [reverse("ballot", args=both), reverse("ballot", args=both) + f"?sent={place.idea_id}"],
        "tally": [reverse("tally", args=both)],
        "audit_trail": ["/settings/audit/"],
        "people": ["/settings/people/"],
        "experiment_new": [f"{reverse('experiment_new')}?idea={place.idea_id}"],
        "idea_experiments": [reverse("idea_experiments", args=[place.idea_id])],
        "home_experiments": [reverse("home_experiments")],
        "my_outcomes": ["/me/outcomes/"],
        "home_outcomes": ["/me/outcomes/of-home/"],
        "home_milestones": [reverse("home_milestones")],
        "pod_page": [reverse("pod_page", args=[place.round.pod.slug])],
        "reports": ["/reports/", f"/reports/{QUARTER}/"],
        "api_ideas-list": ["/api/v1/ideas/", "/api/v1/ideas/?ordering=-ice", f"/api/v1/ideas/?q={ASKED}"],
        "api_ideas-detail": [f"/api/v1/ideas/{place.idea_id}/"],
        "api_goals-list": ["/api/v1/goals/", f"/api/v1/goals/?quarter={QUARTER}"],
        "api_goals-detail": [f"/api/v1/goals/{place.idea.serves_id}/"],
        "api_evidence-list": ["/api/v1/evidence/", f"/api/v1/evidence/?idea={place.idea_id}"],
        "api_evidence-detail": [f"/api/v1/evidence/{place.idea.evidence.get().pk}/"],
        "api_talks-list": ["/api/v1/talks/", f"/api/v1/talks/?round={place.round_id}&idea={place.idea_id}"],
        "api_talks-detail": [f"/api/v1/talks/{talk.pk if talk else 1}/"],
        "api_rounds-list": ["/api/v1/rounds/", "/api/v1/rounds/?ordering=voter_count"],
        "api_rounds-detail": [f"/api/v1/rounds/{place.round_id}/"],
        "api_ballots-list": [
            "/api/v1/ballots/",
            f"/api/v1/ballots/?round={place.round_id}&idea={place.idea_id}",
            "/api/v1/ballots/?ordering=impact&impact=9&impact__gte=9",
            f"/api/v1/ballots/?search={ASKED}&page_size=1",
        ],
    }
    for name, paths in addresses.items():
        for path in paths:
            yield name, path, {}
            if not name.startswith("api_"):
                yield name, path, FRAGMENT
    for path in _admin_addresses(place, ballot):
        yield "admin", path, {}


def _admin_addresses(place: RoundIdea, ballot: Ballot) -> list[str]:
    lists = [
        f"/admin/backlog/{name}/"
        for name in (
            "ballot", "roundidea", "votinground", "roundmember", "idea", "evidence", "goal", "post", "talk",
            "explanation",
        )
    ]  # fmt: skip
    rows = {"ballot": ballot.pk, "roundidea": place.pk, "votinground": place.round_id, "idea": place.idea_id}
    details = [f"/admin/backlog/{name}/{pk}/{page}/" for name, pk in rows.items() for page in ("change", "history")]
    ballots_asked = [f"?q={ASKED}", "?q=Voter", "?o=-3", "?impact=9", "?impact__gte=9", f"?comment__contains={ASKED}"]
    ballots_asked.append(f"?ease_comment__contains={ASKED}")
    peeping = [
        "/admin/accounts/member/?ballots__impact=9",
        "/admin/backlog/idea/?round_ideas__ballots__impact=9",
        "/admin/backlog/roundidea/?ballots__impact__gte=9",
        "/admin/backlog/roundidea/?o=-3",
        f"/admin/backlog/explanation/?q={SAID[:6]}",
        f"/admin/backlog/explanation/?text__contains={SAID[:6]}",
        f"/admin/backlog/talk/?explanations__text__contains={SAID[:6]}",
        "/admin/accounts/auditentry/",
        "/admin/",
    ]
    return [*lists, *details, *(f"/admin/backlog/ballot/{asked}" for asked in ballots_asked), *peeping]


def answers(world: World, role: str) -> dict[str, tuple[int, str]]:
    """What each door answers: status and text, without what differs from request to request."""
    client = world.client(role)
    told = {f"{path} {headers}": _told(client.get(path, headers=headers)) for _, path, headers in doors(world)}
    return told | {f"{path}, page {number}": _told(page) for path, number, page in pages(client)}


def pages(client: Client) -> Iterator[tuple[str, int, HttpResponseBase]]:
    """Every list of the API, paged through row by row: what its cursors say counts as told."""
    for name in sorted(API_LISTS):
        address: str | None = f"{reverse(name)}?page_size=1"
        for number in range(20):
            page = client.get(address)
            yield name, number, page
            address = page.json().get("next")
            if address is None:
                break


def _told(response: HttpResponseBase) -> tuple[int, str]:
    text = getattr(response, "content", b"").decode() + response.headers.get("Location", "")
    return response.status_code, re.sub(r'(csrfmiddlewaretoken" value|csrfToken":)="?[^"]*', r"\1", text)


def change_the_secret(world: World) -> None:
    """Other scores, other comments, and only half as many ballots for the secret idea."""
    for ballot in world.hidden[2:]:
        ballot.delete()
    hidden = Ballot.objects.filter(voter__name__startswith="Voter")
    hidden.update(impact=1, confidence=3, ease=None, expected_lift=None, **dict.fromkeys(COMMENTS, "Something else"))
    Ballot.objects.filter(voter=world.people["abstained"]).update(id=1_000 + F("id") * 3)  # as if many lay in between


def test_every_address_of_the_backlog_is_a_door_here(world):
    patterns = [*get_resolver("backlog.urls").url_patterns, *get_resolver("backlog.api.urls").url_patterns]
    names = {pattern.name for pattern in patterns if isinstance(pattern, URLPattern)}
    listed = {path.split("/")[3] for name, path, _ in doors(world) if name == "admin" and path.count("/") > 3}
    registered = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "backlog"}

    assert names - WRITES_ONLY - {name for name, _, _ in doors(world)} == set()
    assert registered <= listed


@pytest.mark.parametrize("name", sorted(WRITES_ONLY))
def test_a_door_that_only_writes_shows_nothing(world, name):
    target = {
        **{door: [world.place.round_id] for door in ("round_close", "round_extend", "round_waive")},
        "evidence_unlink": [world.place.idea_id, world.place.idea.evidence.get().pk],
        "talk_explain": [world.place.round_id, world.place.idea_id],
        "talk_alone": [world.place.round_id, world.place.idea_id],
        "talk_ask": [world.place.round_id, world.place.idea_id, "lowest"],
    }.get(name, [world.place.idea_id])

    assert world.client("invited").get(reverse(name, args=target)).status_code == 405


@pytest.mark.parametrize("role", BLIND_ROLES)
def test_a2_1_before_closing_no_door_depends_on_a_hidden_ballot(world, role):
    before = answers(world, role)
    change_the_secret(world)

    after = answers(world, role)

    assert {door for door in before if before[door] != after[door]} == set()
    assert [door for door, (_, text) in before.items() if MARKER in text] == []
    assert ("api_ballots-list, page 1" in before) == (role == "abstained")


def test_before_closing_the_trail_puts_no_name_on_a_dot(world):
    """An administrator who has scored sees the tally grow; nothing may say at that moment who sent the ballot."""
    administrator, place = world.people["administrator"], world.place
    RoundMemberFactory(round=place.round, member=administrator)
    BallotFactory(round_idea=place, voter=administrator)
    client = world.client("administrator")
    trails = ("/settings/audit/", "/admin/accounts/auditentry/", "/admin/backlog/ballot/", "/admin/")
    before = [_told(client.get(path)) for path in trails]

    ballots.cast(
        voting_round=place.round, idea=place.idea, voter=world.people["invited"], impact=1, confidence=1, ease=1
    )

    assert [_told(client.get(path)) for path in trails] == before
    assert "Voter 0" not in before[0][1]
    world.close()
    assert {"Invited", "Voter 0"} <= set(
        re.findall(r"Voter \d|Invited", client.get("/settings/audit/").content.decode())
    )


def test_before_closing_those_who_have_voted_get_the_tally_and_nothing_more(world):
    told = answers(world, "voted")

    assert [door for door, (_, text) in told.items() if MARKER in text] == []
    assert [door for door, (_, text) in told.items() if "Voter 0" in text and "/ideas/" in door] == []
    ballot_page = world.client("voted").get(reverse("ballot", args=[world.place.round_id, world.place.idea_id]))
    assert ballot_page.context["tally"].ballots == 5
    assert world.client("voted").get("/api/v1/ballots/").json()["results"] == [
        {
            "round": world.place.round_id,
            "idea": world.place.idea_id,
            "voter": {"id": world.people["voted"].pk, "name": "Voted", "discipline": "design"},
            "impact": 2,
            "confidence": 2,
            "ease": 2,
            "comment": "",
            "impact_comment": "",
            "confidence_comment": "",
            "ease_comment": "",
            "expected_lift": None,
            "cast_at": world.client("voted").get("/api/v1/ballots/").json()["results"][0]["cast_at"],
            "is_by_author": False,
        }
    ]


@pytest.mark.parametrize("role", ALL_ROLES)
def test_after_closing_everybody_sees_ballots_scores_and_names(world, role):
    world.close()
    client, place = world.client(role), world.place

    pages = [reverse("ballot", args=[place.round_id, place.idea_id]), reverse("round", args=[place.round_id])]
    for path in pages:
        text = client.get(path).content.decode()
        found = set(re.findall(rf"{MARKER} \d(?: on \w+)?|Voter 0", text))
        assert {f"{MARKER} 0", f"{MARKER} 3", f"{MARKER} 3 on ease", "Voter 0"} - found == set()
    # Impact 2 9 9 9 9, confidence 2 8 8 9 9, ease 2 10 10 10 10: medians 9, 8, 10, so 9.0. The other idea's confidence
    # is 8 8 9 9, median 8.5, so 9.2 after rounding: it stands first.
    by_score = client.get("/ideas/?sort=score").context["page"].object_list
    assert [idea.results[0].ice for idea in by_score] == [Decimal("9.2"), Decimal("9.0")]
    assert "9.0" in client.get(reverse("idea", args=[place.idea_id])).content.decode()
    cast = client.get(f"/api/v1/ballots/?round={place.round_id}&idea={place.idea_id}").json()["results"]
    assert len(cast) == 6
    assert [one["result"]["ice"] for one in client.get(f"/api/v1/rounds/{place.round_id}/").json()["ideas"]] == [
        9.2,
        9.0,
    ]


def test_after_closing_the_admin_site_shows_them_too(world):
    assert Ballot.objects.filter(comment__contains=MARKER).count() == 8
    world.close()
    client = world.client("administrator")

    assert len(client.get(f"/admin/backlog/ballot/?q={ASKED}").context["cl"].result_list) == 8
    assert MARKER in client.get(f"/admin/backlog/ballot/{world.hidden[0].pk}/change/").content.decode()
    assert len(client.get("/admin/backlog/roundidea/").context["cl"].result_list) == 2


@pytest.mark.parametrize("role", ALL_ROLES)
def test_a5_2_after_closing_nobody_changes_adds_or_removes_a_ballot(world, role):
    world.close()
    client, place, ballot = world.client(role), world.place, world.hidden[0]
    scores = {"impact": 1, "confidence": 1, "ease": 1}
    one = {"round": place.round_id, "idea": place.idea_id, **scores}
    before = list(Ballot.objects.order_by("pk").values())

    told = {
        "page": client.post(reverse("ballot", args=[place.round_id, place.idea_id]), scores),
        "api post": client.post("/api/v1/ballots/", one, "application/json"),
        "api put": client.put("/api/v1/ballots/", one, "application/json"),
        "api delete": client.delete("/api/v1/ballots/"),
        **{
            f"admin {page}": client.post(f"/admin/backlog/ballot/{ballot.pk}/{page}/", {**scores, "post": "yes"})
            for page in ("change", "delete")
        },
        "admin add": client.post(
            "/admin/backlog/ballot/add/", {**scores, "round_idea": place.pk, "voter": ballot.voter_id}
        ),
    }

    assert len(before) == 11
    assert list(Ballot.objects.order_by("pk").values()) == before
    invited = role in ("abstained", "author", "invited", "voted")
    assert {door: answer.status_code for door, answer in told.items()} == {
        "page": 302 if invited else 403,  # to the outcome, with the refusal
        "api post": 409 if invited else 403,
        "api put": 405,
        "api delete": 405,
        **dict.fromkeys(("admin change", "admin delete", "admin add"), 403 if role == "administrator" else 302),
    }


def test_a5_2_the_record_of_a_closed_round_lists_who_voted_when(world):
    start = world.place.round.opens_at.replace(microsecond=0)
    for hours, ballot in enumerate(Ballot.objects.order_by("pk")):
        Ballot.objects.filter(pk=ballot.pk).update(cast_at=start - timedelta(hours=hours))
    world.close()

    text = world.client("reader").get(reverse("round", args=[world.place.round_id])).content.decode()

    rows = re.findall(r'<span>([^<]+)</span>\s*</span>[^<]*<span class="sub nowrap"><time datetime="([^"]+)"', text)
    cast = Ballot.objects.select_related("voter")
    assert len(rows) == 11
    assert set(rows) == {(one.voter.name, one.cast_at.isoformat()) for one in cast}


def _score_again(world: World, *roles: str) -> None:
    again = rounds.open_round(
        name="Second",
        pod=world.place.round.pod,
        closes_at=world.place.round.closes_at,
        ideas=[world.place.idea, world.other.idea],
        members=[world.people[one] for one in roles],
        actor=world.place.round.opened_by,
    )
    assert again.opens_at < now()


@pytest.mark.parametrize("role", ["invited", "abstained", "author"])
def test_an_idea_scored_again_hides_what_was_said_of_it_from_those_who_are_to_score_it(world, role):
    world.close()
    discussion.say(idea=world.place.idea, text=f"{MARKER} in the discussion", actor=world.people["voted"])
    _score_again(world, "invited", "abstained", "author")

    told = answers(world, role)

    assert [door for door, (_, text) in told.items() if MARKER in text] == []
    assert json.loads(told["/api/v1/ideas/ {}"][1])["results"][0]["results"] == []
    outsider = answers(world, "not_invited")
    assert MARKER in outsider[f"/rounds/{world.place.round_id}/ {{}}"][1]
    assert f"{MARKER} in the discussion" in outsider[f"/ideas/{world.place.idea_id}/ {{}}"][1]


@pytest.fixture
def talk(world) -> Talk:
    """The secret idea, disputed on impact in a closed round; its lowest ballot is written about already."""
    Ballot.objects.filter(pk__in=[ballot.pk for ballot in world.hidden[:2]]).update(impact=1)
    world.close()
    made = Talk.objects.get(round_idea=world.place)
    low, high = made.explanations.all()
    world.people |= {"lowest": low.voter, "highest": high.voter}
    return talks.explain(talk=made, text=f"{SAID} low", would_change=f"{SAID} if", actor=low.voter)


@pytest.mark.parametrize("role", ["administrator", "invited", "reader", "highest"])
def test_a6_1_before_both_ends_have_written_no_door_depends_on_what_one_wrote(world, talk, role):
    before = answers(world, role)
    talk.explanations.filter(end="lowest").update(text="Something else", would_change="")

    after = answers(world, role)

    assert {door for door in before if before[door] != after[door]} == set()
    assert [door for door, (_, text) in before.items() if SAID in text] == []


@pytest.mark.parametrize("role", ["administrator", "reader", "lowest", "highest"])
def test_a6_1_once_both_ends_have_written_everybody_reads_both(world, talk, role):
    talks.explain(talk=talk, text=f"{SAID} high", actor=world.people["highest"])
    client, place = world.client(role), world.place

    for path in (reverse("ballot", args=[place.round_id, place.idea_id]), reverse("round", args=[place.round_id])):
        text = client.get(path).content.decode()
        assert re.findall(rf"{SAID} \w+", text) == [f"{SAID} high", f"{SAID} low", f"{SAID} if"]


@pytest.mark.parametrize("role", ["invited", "lowest"])
def test_an_idea_scored_again_hides_its_talk_from_those_who_are_to_score_it(world, talk, role):
    talks.explain(talk=talk, text=f"{SAID} high", actor=world.people["highest"])
    _score_again(world, "invited", "lowest")

    told = answers(world, role)

    assert [door for door, (_, text) in told.items() if SAID in text] == []
    assert SAID in answers(world, "not_invited")[f"/rounds/{world.place.round_id}/ {{}}"][1]


@pytest.mark.parametrize("role", ["voted", "lowest"])
def test_a6_2_first_ballots_ones_own_too_are_shown_once_the_second_is_sent_and_at_no_door_before(world, talk, role):
    me, written = world.people[role], "FIRST-8814"
    Ballot.objects.filter(round_idea=world.place).update(**dict.fromkeys(COMMENTS, written))
    again = rounds.open_second_round(
        first_round=world.place.round,
        ideas=[world.place.idea],
        closes_at=now() + timedelta(days=2),
        actor=world.place.round.opened_by,
    )
    second = replace(world, place=again.round_ideas.get())

    before = answers(world, role) | answers(second, role)
    of_others = world.client("not_invited").get(f"/rounds/{world.place.round_id}/").content.decode()
    ballots.cast(voting_round=again, idea=world.place.idea, voter=me, impact=4, confidence=4, ease=4)
    after = answers(world, role) | answers(second, role)

    assert [door for door, (_, text) in before.items() if written in text or SAID in text] == []
    assert written in of_others
    pages = [f"/rounds/{one.round_id}/ideas/{one.idea_id}/ {{}}" for one in (world.place, second.place)]
    assert [written in after[page][1] for page in pages] == [True, True]


def test_signed_out_every_door_is_shut_before_and_after(world):
    def shut(status: int, text: str) -> bool:
        return status in (401, 403) or (status == 302 and "/login/" in text)

    before = answers(world, "signed_out")
    world.close()
    after = answers(world, "signed_out")

    assert [door for told in (before, after) for door, answer in told.items() if not shut(*answer)] == []
    assert [door for door, (_, text) in after.items() if MARKER in text] == []


def test_declining_and_planning_tell_nothing_of_ballots(world):
    """The trail's entries about the idea, whoever moves it, hold states and no scores."""
    world.close()
    ideas.mark_planned(idea=world.place.idea, actor=world.people["author"])

    text = world.client("administrator").get("/settings/audit/").content.decode()

    assert "planned" in text
    assert MARKER not in text
