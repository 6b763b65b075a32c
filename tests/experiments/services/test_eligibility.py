"""Whom an experiment may ask: its audience's version, fixed at launch, apart from holdout and neighbours."""

import re
from datetime import timedelta

import pytest

from backlog.quarters import Quarter
from engagement.core.clock import now
from engagement.core.errors import Conflict
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers import queries as customers
from engagement.customers.models import Customer
from engagement.customers.services import audiences, permissions
from engagement.customers.services.customers import ensure
from engagement.messaging.content import plain
from engagement.messaging.models import Delivery, Message, SendingLimits
from experiments.assignment import unit
from experiments.models import EligibleCustomer, Experiment, Holdout
from experiments.services import eligibility, in_force, runs
from experiments.services.assigning import experiment_open_now, held_variant
from experiments.services.separation import claim_range, make_exclusion_group
from tests.experiments.running import planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
GOLD = {"trait": "plan", "op": "is", "value": "gold"}


@pytest.fixture
def people() -> dict[str, int]:
    names = [f"c{n}" for n in range(400)]
    found = dict(zip(names, ensure(names), strict=True))
    Customer.objects.filter(pk__in=list(found.values())[:300]).update(traits={"plan": "gold"})
    return found


@pytest.fixture
def gold(people):
    return audiences.create(name="Gold", rule=GOLD, actor=None)


def running_now(key):
    found = experiment_open_now(key)
    assert found is not None
    return found


def for_audience(key, version):
    experiment = planned(key)
    eligibility.choose(experiment=experiment, version=version, actor=MemberFactory())
    return experiment


def asked(experiment) -> set[str]:
    rows = EligibleCustomer.objects.filter(experiment=experiment)
    return set(rows.values_list("customer__external_id", flat=True))


def test_b3_2_an_experiment_goes_on_with_the_version_it_was_planned_with(people, gold):
    experiment = for_audience("banner", gold)
    permissions.suppress(customers=[people["c0"]], scope="everywhere", reason="asked", actor=None)
    permissions.suppress(customers=[people["c1"]], scope="channel", what="in_app", reason="asked", actor=None)
    permissions.suppress(customers=[people["c2"]], scope="channel", what="email", reason="asked", actor=None)

    running = runs.start(experiment=experiment, actor=None)
    audiences.change(audience=gold.audience, rule={"not": GOLD}, actor=None)

    assert running.audience_version == gold
    assert asked(running) == {f"c{n}" for n in range(2, 300)}
    with pytest.raises(Conflict, match="its audience is fixed"):
        eligibility.choose(experiment=running, version=None, actor=None)
    in_force.forget()
    assert held_variant(running_now("banner"), "c5") is not None
    assert held_variant(running_now("banner"), "c350") is None


def test_b3_3_no_customer_is_in_two_experiments_of_one_exclusion_group(people, gold):
    group = make_exclusion_group(name="Banners", actor=None)
    found = []
    for key in ("one", "two"):
        experiment = for_audience(key, gold)
        claim_range(experiment=experiment, group=group, share=0.5, actor=None)
        found.append(runs.start(experiment=experiment, actor=None))

    one, two = (asked(experiment) for experiment in found)

    assert one & two == set()
    assert one | two == {f"c{n}" for n in range(300)}
    assert min(len(one), len(two)) > 100
    in_force.forget()
    for name in people:
        assert not all(held_variant(running_now(key), name) for key in ("one", "two")), name


def test_the_count_tells_holdout_and_neighbours_and_adds_up(people, gold):
    holdout = Holdout.objects.create(quarter=str(Quarter.of(now().date())), share=0.2)
    group = make_exclusion_group(name="Banners", actor=None)
    experiment = for_audience("banner", gold)
    claim_range(experiment=experiment, group=group, share=0.5, actor=None)
    experiment.refresh_from_db()

    found = eligibility.count(experiment=experiment)

    gold_names = [f"c{n}" for n in range(300)]
    held = {name for name in gold_names if unit(holdout.salt, name) < 0.2}
    elsewhere = {name for name in gold_names if name not in held and unit(group.salt, name) >= 0.5}
    assert found.parts == [["suppressed", 0], ["holdout", len(held)], ["other_experiment", len(elsewhere)]]
    assert found.left == 300 - len(held) - len(elsewhere)


def test_the_tab_chooses_counts_and_tells_of_a_newer_version(client, people, gold):
    client.force_login(MemberFactory())
    experiment = planned("banner")
    address = "/experiments/banner/audience/"

    assert "Everybody" in client.get(address).content.decode()
    client.post(f"{address}choose/", {"version": gold.pk})
    audiences.count(version=gold, asking=audiences.Asking(["push"]))
    assert "Not counted yet." in client.get(address).content.decode()
    client.post(f"{address}count/")
    told, back = eligibility.count_job(progress=Progress(), **Job.objects.get().arguments)
    audiences.change(audience=gold.audience, rule={"not": GOLD}, actor=None)

    page = re.sub(r"\s+", " ", client.get(address).content.decode())
    experiment.refresh_from_db()
    assert experiment.audience_version == gold
    assert (told, back) == ("300 of 300 matching customers can be asked.", address)
    assert "All 300 matching customers can be asked." in page
    assert "The audience has a newer version." in page
    assert client.post(f"{address}choose/", {"version": "999"}).status_code == 404


def test_the_count_tells_who_else_talks_to_those_who_are_left(client, people, gold):
    client.force_login(MemberFactory())
    few = audiences.create(name="Few", rule={"list": ["c1", "c2", "c399"]}, actor=None)
    runs.start(experiment=for_audience("onboarding", few), actor=None)
    experiment = for_audience("banner", gold)

    found = eligibility.count(experiment=experiment)
    page = re.sub(r"\s+", " ", client.get("/experiments/banner/audience/").content.decode())

    name = Experiment.objects.get(key="onboarding").name
    assert (found.left, found.others) == (300, [[name, 2]])
    assert f"Of them, others talk to at the same time: {name} (2)." in page


def heard_from(experiment: str, customer: int, at) -> None:
    """A message of that experiment went out to the customer."""
    Delivery.objects.create(
        experiment=experiment, variant="a", customer_id=customer, channel="email", state="sent", due_at=at, done_at=at
    )


def test_the_count_holds_those_whom_every_channel_reaches_and_the_launch_fixes_the_same(people, gold):
    permissions.suppress(customers=[people["c0"]], scope="channel", what="in_app", reason="asked", actor=None)
    permissions.suppress(customers=[people["c1"]], scope="channel", what="push", reason="asked", actor=None)
    permissions.suppress(customers=[people["c2"]], scope="experiment", what="banner", reason="asked", actor=None)
    permissions.suppress(customers=[people["c3"]], scope="experiment", what="other", reason="asked", actor=None)
    for customer in Customer.objects.filter(pk__in=[people[f"c{n}"] for n in range(100)]):
        permissions.say(customer=customer, channel="push", is_granted=True, source="form")
    SendingLimits.objects.create(pk=1, most=1, days=7)
    for name, days in (("c10", 1), ("c11", 8)):
        heard_from("elsewhere", people[name], now() - timedelta(days=days))
    experiment = for_audience("banner", gold)
    says(experiment, "today", channel="push")

    found = eligibility.count(experiment=experiment)

    assert found.parts == [["suppressed_asked", 3], ["without_consent", 200], ["over_cap", 1]]
    assert found.left == 96
    assert asked(runs.start(experiment=experiment, actor=None)) == {f"c{n}" for n in range(3, 100)} - {"c10"}


def test_a_count_is_of_one_experiment_and_of_the_channels_it_had(people, gold):
    one, two = (for_audience(key, gold) for key in ("one", "two"))

    counted = eligibility.count(experiment=one)

    assert (eligibility.newest_count(one), eligibility.newest_count(two)) == (counted, None)
    assert customers.newest_audience_count(gold) is None
    says(one, "today", channel="push")
    assert eligibility.newest_count(one) is None


def says(experiment, variant, *, channel):
    found = experiment.variants.get(key=variant)
    found.message = Message.objects.create(contents=plain(channel, subject="Hello", body="Read on"))
    found.save(update_fields=["message"])


def test_without_an_audience_nobody_is_fixed(people):
    running = runs.start(experiment=planned("banner"), actor=None)

    assert not running.for_eligible_only
    assert asked(running) == set()
    assert now() - running.starts < timedelta(minutes=1)
