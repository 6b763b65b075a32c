"""What customers get once a variant was shipped: by OpenFeature, on the pages, in the next experiment."""

import json

import pytest
from django.urls import reverse

from engagement.accounts import keys
from engagement.accounts.services.keys import make_key
from engagement.core.clock import now
from engagement.core.errors import InvalidInput
from engagement.core.jobs import Progress
from experiments.models import DefaultMessage, Experiment, Holdout
from experiments.services import analysis, decisions, in_force, plans, runs
from experiments.services.plans import MetricPlan, VariantPlan
from tests.backlog.factories import IdeaFactory
from tests.experiments.forms.test_plan import typed
from tests.experiments.running import VARIANTS, launched, planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
PEOPLE = [f"c{number}" for number in range(40)]
SHOWN = {"title": "Welcome back", "text": "Your week in five minutes."}
WHY = {"reason": "It is read.", "learning": "Five minutes are enough."}


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def secret() -> str:
    keys.forget()
    return make_key(name="Shop server", kind="secret", actor=None)[1]


def answers(client, secret: str, address: str) -> dict[str, dict]:
    """What each of forty people is answered, read anew."""
    in_force.forget()
    headers = {"authorization": f"Bearer {secret}"}
    asked = {name: json.dumps({"context": {"targetingKey": name}}) for name in PEOPLE}
    return {
        name: client.post(address, body, content_type="application/json", headers=headers).json()
        for name, body in asked.items()
    }


def values(found: dict[str, dict]) -> dict[str, tuple]:
    return {name: (one["reason"], one["variant"], one.get("value")) for name, one in found.items()}


def decided(experiment: Experiment, member, kind: str = "ship") -> Experiment:
    runs.end(experiment=experiment, actor=None)
    analysis.analyse(experiment=experiment, as_of=now(), progress=Progress())
    variant = experiment.variants.get(position=1) if kind == "ship" else None
    decisions.decide(
        experiment=Experiment.objects.get(pk=experiment.pk), kind=kind, variant=variant, actor=member, **WHY
    )
    return Experiment.objects.get(pk=experiment.pk)


def next_one(default: DefaultMessage, key: str = "banner-next", **changes) -> Experiment:
    texts = {"channel": "in_app", "subject": "Hello", "body": "Stay a while."}
    asked = {
        "key": key, "name": "Shorter", "actor": None, "metrics": [MetricPlan("read", "proportion", "primary")],
        "variants": [VariantPlan("today", "Today", 0.5), VariantPlan("short", "Short", 0.5, **texts)],
        "starts": now(), "ends": now().replace(year=now().year + 1), "default_message": default, **changes,
    }  # fmt: skip
    return plans.create(**asked)


def test_b7_3_shipping_replaces_the_default_in_one_step_and_the_holdout_stays_out(client, member, secret):
    quarter = now().date()
    Holdout.objects.create(quarter=f"{quarter.year}-Q{(quarter.month + 2) // 3}", share=0.3)
    flag, flags = "/ofrep/v1/evaluate/flags/banner-2026", "/ofrep/v1/evaluate/flags"
    first = planned()
    Experiment.objects.filter(pk=first.pk).update(idea=IdeaFactory(state="planned"), starts=now())
    first = launched(Experiment.objects.get(pk=first.pk))
    before = values(answers(client, secret, flag))
    held = {name for name, (reason, _variant, _value) in before.items() if reason == "DEFAULT"}
    assert held
    assert {before[name][:2] for name in set(PEOPLE) - held} == {("SPLIT", "today"), ("SPLIT", "banner")}

    first = decided(first, member)

    everybody = {
        name: ("DEFAULT", "", None) if name in held else ("STATIC", "banner", SHOWN) for name in PEOPLE
    }  # fmt: skip
    assert values(answers(client, secret, flag)) == everybody
    assert all(len(one["flags"]) == 1 for one in answers(client, secret, flags).values())

    second = launched(next_one(first.default_message))
    assert second.variants.get(position=0).message.contents == {
        "in_app": {"title": SHOWN["title"], "body": SHOWN["text"]}
    }
    assert values(answers(client, secret, flag)) == everybody
    second = decided(second, member)

    # Both names lead to what was shipped last, and each keeps out whom it kept out.
    again = {name: "" if name in held else "short" for name in PEOPLE}
    assert {name: one["variant"] for name, one in answers(client, secret, flag).items()} == again
    assert {name: one["variant"] for name, one in answers(client, secret, f"{flags}/banner-next").items()} == again
    assert DefaultMessage.objects.get().variant == second.variants.get(key="short")

    client.force_login(member)
    for tab in ("plan", "variants", "health", "results", "retro", "history"):
        assert client.get(reverse("experiment", args=[first.key, tab])).status_code == 200, tab
    page = client.get(reverse("experiment", args=[first.key, "results"])).content.decode()
    assert f'shipped by <a href="/experiments/{second.key}/">Shorter</a>' in page
    told = client.get(f"/api/v1/experiments/{second.key}/").json()
    assert (told["default_message"], told["decision"]["variant"]) == ("banner-2026", "short")
    assert client.get(f"/ideas/{first.idea_id}/").status_code == 200
    assert client.get("/api/v1/learnings/").json()["results"][0]["experiment"] == second.key


def test_b7_3_what_keeps_control_leaves_the_default_as_it_was_and_resolves_to_it(client, member, secret):
    first = decided(launched(planned()), member)
    default = DefaultMessage.objects.get()

    decided(launched(next_one(default)), member, kind="keep_control")

    assert DefaultMessage.objects.get().variant == first.variants.get(key="banner")
    found = values(answers(client, secret, "/ofrep/v1/evaluate/flags/banner-next"))
    assert set(map(str, found.values())) == {str(("STATIC", "banner", SHOWN))}


def test_a_plan_against_todays_message_writes_no_control_of_its_own(member):
    default = decided(launched(planned()), member).default_message

    with pytest.raises(InvalidInput, match="Control says today’s message"):
        next_one(default, variants=[*reversed(VARIANTS)])

    assert Experiment.objects.count() == 1


def test_a_plan_written_in_the_browser_takes_todays_message_where_there_is_one(client, member):
    client.force_login(member)
    assert 'name="default_message"' not in client.get("/experiments/new/").content.decode()
    default = decided(launched(planned()), MemberFactory()).default_message

    client.post("/experiments/new/", typed(default_message=str(default.pk)))

    made = Experiment.objects.get(name="Thank-you note")
    assert (made.default_message, made.variants.get(position=0).message.contents) == (
        default, {"in_app": {"title": SHOWN["title"], "body": SHOWN["text"]}},
    )  # fmt: skip
    page = client.get(f"/experiments/{made.key}/plan/").content.decode()
    assert f'shipped by <a href="/experiments/banner-2026/">{default.variant.experiment.name}</a>' in page
