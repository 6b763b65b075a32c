"""Audiences: versions that stay, counts whose parts add up, the editor, the API."""

import json
import re
from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers import queries
from engagement.customers.forms.audience import rows_of
from engagement.customers.models import Audience, AudienceCount, AudienceVersion, Consent, Customer, Suppression
from engagement.customers.services import audiences, feeds, permissions
from engagement.customers.services.customers import ensure
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
GOLD = {"trait": "plan", "op": "is", "value": "gold"}
FREE = {"trait": "plan", "op": "is", "value": "free"}


@pytest.fixture
def people() -> list[int]:
    """Twelve, of whom ten are on the gold plan."""
    ids = ensure([f"c{n}" for n in range(12)])
    Customer.objects.filter(pk__in=ids[:10]).update(traits={"plan": "gold"})
    return ids


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def allow(ids, *, granted=True):
    for pk in ids:
        permissions.say(
            customer=Customer.objects.get(pk=pk), channel="email", is_granted=granted, source="form", actor=None
        )


def test_b3_1_the_parts_add_up_and_each_falls_out_once_for_the_first_reason(people):
    version = audiences.create(name="Gold", rule=GOLD, actor=None)
    permissions.suppress(customers=people[:2], scope="everywhere", reason="asked", actor=None)
    permissions.suppress(customers=people[1:3], scope="channel", what="email", reason="legal", actor=None)
    permissions.suppress(customers=people[3:4], scope="channel", what="push", reason="asked", actor=None)
    allow([people[0], *people[3:8]])

    found = audiences.count(
        version=version,
        asking=audiences.Asking(["email"], further=[("holdout", lambda ids: np.isin(ids, people[7:]))]),
    )

    assert found.matching == 10
    assert found.parts == [["suppressed_asked", 2], ["suppressed_legal", 1], ["without_consent", 2], ["holdout", 1]]
    assert found.left == 4
    assert found.left + sum(number for _reason, number in found.parts) == found.matching
    assert found.left_by_state == {"": 4}


def test_b3_1_whatever_is_said_of_them_the_parts_add_up(people):
    version = audiences.create(name="Gold", rule=GOLD, actor=None)
    some = st.sets(st.sampled_from(people))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(peace=some, allowed=some, held=some, elsewhere=some)
    def add_up(peace, allowed, held, elsewhere):
        Suppression.objects.all().delete()
        Consent.objects.all().delete()
        permissions.suppress(customers=peace, scope="everywhere", reason="asked", actor=None)
        allow(allowed)
        further = [
            (name, lambda ids, of=of: np.isin(ids, list(of))) for name, of in (("holdout", held), ("x", elsewhere))
        ]

        found = audiences.count(version=version, asking=audiences.Asking(["email"], further=further))

        matching, lists = people[:10], "suppressed_asked" if peace else "suppressed"
        first = Counter(
            lists if pk in peace else "without_consent" if pk not in allowed else "holdout" if pk in held
            else "x" if pk in elsewhere else "left" for pk in matching
        )  # fmt: skip
        assert dict(found.parts) == {name: first[name] for name in (lists, "without_consent", "holdout", "x")}
        assert found.left == first["left"]
        reached = audiences.reachable(version=version, asking=audiences.Asking(["email"], further=further))
        assert len(reached) == found.left

    add_up()


def test_an_empty_audience_names_the_condition_that_removed_most(people):
    rule = {"all": [GOLD, {"trait": "age", "op": "above", "value": 18}, FREE]}
    version = audiences.create(name="Nobody", rule=rule, actor=None)

    found = audiences.count(version=version)

    assert (found.matching, found.left) == (0, 0)
    assert found.removed_most == "“age is above 18” leaves out 12 customers."


def test_b3_2_a_change_makes_a_version_and_leaves_the_old_one(people):
    first = audiences.create(name="Gold", rule=GOLD, actor=None)
    second = audiences.change(audience=first.audience, rule=FREE, actor=None, seen_version=1)
    same = audiences.change(audience=first.audience, rule=FREE, actor=None)

    assert (first.number, second.number, same.pk) == (1, 2, second.pk)
    assert AudienceVersion.objects.get(pk=first.pk).rule == GOLD
    with pytest.raises(Conflict, match="meanwhile"):
        audiences.change(audience=first.audience, rule=GOLD, actor=None, seen_version=1)


def test_a_name_is_taken_once_and_readers_save_nothing(people):
    audiences.create(name="Gold", rule=GOLD, actor=None)

    with pytest.raises(Conflict):
        audiences.create(name=" Gold ", rule=FREE, actor=None)
    with pytest.raises(InvalidInput, match="No condition is called"):
        audiences.create(name="Bad", rule={"x": 1}, actor=None)
    with pytest.raises(Forbidden):
        audiences.create(name="Other", rule=FREE, actor=MemberFactory(role="reader"))
    assert Audience.objects.count() == 1


def row(place: int, **values) -> dict[str, str]:
    return {f"condition-{place}-{name}": str(value) for name, value in values.items()}


def test_the_editor_makes_a_rule_of_rows_and_shows_it_again(client, people):
    client.force_login(MemberFactory())
    data = {
        "name": "Gold or keen", "seen_version": "0", "condition-rows": "3",
        **row(0, group=1, kind="trait", name="plan", op="is", value="gold"),
        **row(1, group=1, kind="event", name="order", op="count-at_least", value="2", within_days="30"),
        **row(2, group=2, kind="state", value="low, dormant", negated="on"),
    }  # fmt: skip

    answer = client.post("/customers/audiences/new/", data)
    saved = AudienceVersion.objects.get()

    expected = {
        "all": [
            {"any": [GOLD, {"event": "order", "of": "count", "op": "at_least", "value": 2.0, "within_days": 30}]},
            {"not": {"state": ["low", "dormant"]}},
        ]
    }
    assert saved.rule == expected
    page = text_of(client.get(answer["Location"]))
    assert "(plan is gold or order at least 2 times in 30 days) and not (low or dormant)" in page
    assert rows_of(expected)[1]["op"] == "count-at_least"


def test_a_row_that_cannot_be_meant_keeps_what_was_typed(client, people):
    client.force_login(MemberFactory())
    typed = row(0, group=1, kind="trait", name="age", op="above", value="old")

    answer = client.post("/customers/audiences/new/", {"name": "Old", "condition-rows": "1", **typed})
    empty = client.post("/customers/audiences/new/", {"name": "Old", "condition-rows": "1", **row(0, group=1)})
    more = client.post(
        "/customers/audiences/new/", {"name": "Old", "condition-rows": "1", "add_condition": "1", **typed}
    )

    assert (answer.status_code, empty.status_code, more.status_code) == (422, 422, 200)
    assert "“old” is no number." in text_of(answer)
    assert 'value="age"' in text_of(answer)
    assert "Condition 2" in text_of(more)
    assert not Audience.objects.exists()


def test_a_rule_too_deep_for_rows_is_edited_as_json(client, people):
    client.force_login(MemberFactory())
    deep = {"any": [{"all": [GOLD, FREE]}, {"not": {"any": [GOLD, FREE]}}]}
    version = audiences.create(name="Deep", rule=deep, actor=None)
    address = f"/customers/audiences/{version.audience_id}/"

    assert rows_of(deep) is None
    assert "deeper than rows can show" in text_of(client.get(address))
    refused = client.post(address, {"seen_version": "1", "rule": '{"any": [\n}'})
    client.post(address, {"seen_version": "1", "rule": json.dumps({"any": [deep, GOLD]})})

    assert "Line 2 is no JSON." in text_of(refused)
    assert version.audience.versions.first().rule == {"any": [deep, GOLD]}


def test_counting_is_a_job_and_the_page_shows_the_last_one_with_its_age(client, people):
    client.force_login(MemberFactory())
    version = audiences.create(name="Gold", rule=GOLD, actor=None)
    address = f"/customers/audiences/{version.audience_id}/"
    assert "Not counted yet." in text_of(client.get(address))

    client.post(f"{address}count/", {"channel": "email"})
    told, _url = audiences.count_job(progress=Progress(), **Job.objects.get().arguments)
    AudienceCount.objects.update(at=now() - timedelta(hours=3))

    page = text_of(client.get(address))
    assert told == "0 of 10 matching customers can be asked."
    assert "0 of 10 matching customers can be asked; most others: without consent." in page
    assert "Counted 3 hours ago" in page.replace("\xa0", " ")
    assert "Gold" in text_of(client.get("/customers/audiences/"))


def test_a_rule_is_counted_while_it_is_written_and_the_last_count_shows_until_then(client, people):
    client.force_login(MemberFactory())
    allow(people[:4])
    gold = {
        "condition-rows": "1",
        "channel": "email",
        **row(0, group=1, kind="trait", name="plan", op="is", value="gold"),
    }
    wider = {**gold, "condition-rows": "2", **row(1, group=1, kind="list", value="c10, c11")}

    first = text_of(client.post("/customers/audiences/live/", gold))
    address = re.search(r'hx-get="([^"]+)"', first)[1]
    jobs.run(str(Job.objects.get().pk))
    done = text_of(client.get(address))
    kept = AudienceCount.objects.get()
    AudienceCount.objects.update(at=now() - timedelta(hours=3))
    second = text_of(client.post("/customers/audiences/live/", {**wider, "counted": f"{kept.pk}"})).replace("\xa0", " ")
    client.post("/customers/audiences/new/", {**gold, "name": "Gold", "seen_version": "0"})

    assert (kept.version, kept.matching, kept.parts, kept.left) == (
        None,
        10,
        [["suppressed", 0], ["without_consent", 6]],
        4,
    )
    assert "4 of 10 matching customers can be asked; most others: without consent." in done
    assert "hx-get" not in done
    assert "hx-get" in second
    assert "The last count, of the rule as it was then" in second
    assert "Counted 3 hours ago" in second
    assert AudienceVersion.objects.get().counts.get() == kept


def test_only_the_newest_rule_is_worth_counting_and_a_half_written_one_is_not(client, people):
    member, other = MemberFactory(), MemberFactory()
    client.force_login(member)
    theirs = audiences.ask_draft_count(rule=FREE, channel="", actor=other)
    first = audiences.ask_draft_count(rule=GOLD, channel="", actor=member)
    audiences.ask_draft_count(rule=FREE, channel="", actor=member)
    half = {"condition-rows": "1", **row(0, group=1, kind="trait", name="age", op="above", value="old")}

    said = text_of(client.post("/customers/audiences/live/", half))

    assert "Condition 1: “old” is no number." in said
    assert "A newer rule is counted instead." in text_of(client.get(f"/customers/audiences/live/{first.pk}/"))
    assert client.get(f"/customers/audiences/live/{theirs.pk}/").status_code == 404
    assert [job.state for job in Job.objects.order_by("created_at")] == ["queued", "refused", "queued"]


def test_without_script_a_button_counts_and_keeps_what_was_typed(client, people):
    client.force_login(MemberFactory())
    typed = {"name": "Gold", "condition-rows": "1", **row(0, group=1, kind="trait", name="plan", op="is", value="gold")}

    client.post("/customers/audiences/new/", {**typed, "count_rule": "1"})
    jobs.run(str(Job.objects.get().pk))
    page = text_of(client.post("/customers/audiences/new/", {**typed, "count_rule": "1"}))

    assert "All 10 matching customers can be asked." in page
    assert 'value="gold"' in page
    assert not Audience.objects.exists()


def test_a_rule_says_since_when_what_it_reads_has_not_arrived(client, people):
    client.force_login(MemberFactory())
    present = now()
    feeds.arrived({"order": present - timedelta(days=3), "session": present})
    feeds.complete(events=["visit"], through=present - timedelta(days=30))
    feeds.told(["plan"], at=present - timedelta(days=20))
    feeds.told(["plan", "age"], at=present - timedelta(days=9))
    feeds.told(["age"], at=present)
    event = {"of": "count", "op": "at_least", "value": 1}
    rule = {"any": [
        GOLD, {"trait": "age", "op": "above", "value": 3}, {"trait": "plann", "op": "is_set"},
        *({"event": name, **event} for name in ("order", "session", "visit", "ordr")),
    ]}  # fmt: skip
    version = audiences.create(name="Gold", rule=rule, actor=None)

    found = queries.silent(audiences.parsed(rule))
    page = text_of(client.get(f"/customers/audiences/{version.audience_id}/"))

    assert found == [
        queries.Silent("event", "order", present - timedelta(days=3)), queries.Silent("event", "ordr", None),
        queries.Silent("event", "visit", present - timedelta(days=30)),
        queries.Silent("trait", "plan", present - timedelta(days=9)), queries.Silent("trait", "plann", None),
    ]  # fmt: skip
    assert f"No “order” has arrived since {date_format(localtime(present - timedelta(days=3)))}" in page
    assert "No event called “ordr” has ever arrived." in page


def test_the_list_takes_the_same_queries_for_one_and_for_three(client, people, django_assert_max_num_queries):
    client.force_login(MemberFactory())
    for count in (1, 2):
        for number in range(count):
            audiences.count(version=audiences.create(name=f"{count}-{number}", rule=GOLD, actor=None))
        with django_assert_max_num_queries(7):
            client.get("/customers/audiences/")


def test_the_api_saves_versions_and_counts(client, people):
    client.force_login(MemberFactory())

    def send(method, path, body):
        return getattr(client, method)(f"/api/v1/audiences/{path}", json.dumps(body), content_type="application/json")

    made = send("post", "", {"name": "Gold", "rule": GOLD})
    changed = send("put", f"{made.json()['id']}/", {"name": "Gold", "rule": FREE})
    counted = send("post", f"{made.json()['id']}/count/", {"channel": "in_app"})
    refused = send("post", "", {"name": "Bad", "rule": {"trait": "x", "op": "was"}})

    assert (made.status_code, made.json()["words"], made.json()["number"]) == (201, "plan is gold", 1)
    assert (changed.json()["number"], changed.json()["rule"]) == (2, FREE)
    assert counted.json()["count"]["matching"] == 0
    assert (refused.status_code, refused["Content-Type"]) == (422, "application/problem+json")
    assert [one["name"] for one in client.get("/api/v1/audiences/").json()] == ["Gold"]
