"""This site sends: over real SMTP, each customer once, those who may, and what is due adds up whatever happens."""

import re
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5

import pytest
import time_machine
from django.urls import reverse

from engagement.core.clock import now
from engagement.core.errors import Conflict, NotFound
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers.models import Consent, Customer, InboxItem
from engagement.customers.services import permissions
from engagement.customers.services.customers import ensure
from engagement.customers.services.event_imports import import_events
from engagement.messaging.channels import Unreachable
from engagement.messaging.models import Delivery, Message, SendingLimits
from engagement.messaging.queries import fate
from engagement.messaging.services import unsubscribing
from engagement.warehouse.engines import connect
from experiments import tasks
from experiments.health import checks
from experiments.models import Experiment, Sending
from experiments.reports import running
from experiments.services import in_force, plans, runs, sending
from experiments.services.plans import MetricPlan, VariantPlan
from tests.factories import MemberFactory
from tests.mail_sink import listening

pytestmark = pytest.mark.django_db
START, DAY = datetime(2026, 7, 6, 9, tzinfo=UTC), timedelta(days=1)
BODY = 'Good morning {{ first_name|fallback:"reader" }},\n\nread on.\n\n{{ unsubscribe_url }}'


@pytest.fixture
def sink(settings):
    with listening() as (handler, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield handler


@pytest.fixture
def people() -> list[Customer]:
    """Ten customers who agreed to e-mail."""
    ids = ensure([f"c{n}" for n in range(10)])
    for n, pk in enumerate(ids):
        Customer.objects.filter(pk=pk).update(email=f"c{n}@example.org", traits={"first_name": f"Ada{n}"})
        permissions.say(customer=Customer.objects.get(pk=pk), channel="email", is_granted=True, source="form")
    return list(Customer.objects.order_by("pk"))


def planned(*, control: str = BODY, **options) -> Experiment:
    variants = [
        VariantPlan("today", "Today", 0.5, "email", "Your week", control),
        VariantPlan("short", "Short", 0.5, "email", "Three stories", BODY),
    ]
    experiment = plans.create(
        key="letter", name="Letter", variants=variants, actor=None, starts=START, ends=START + 14 * DAY,
        metrics=[MetricPlan("read", "proportion", "primary")],
    )  # fmt: skip
    experiment.uid = uuid5(NAMESPACE_URL, experiment.key)  # customers are hashed by it: the same ones get the same
    experiment.save(update_fields=["uid"])
    sending.choose(experiment=experiment, actor=None, **{"per_minute": 100_000, **options})
    return experiment


def launched(**options) -> Experiment:
    with time_machine.travel(START - DAY, tick=False):
        experiment = planned(**options)
    with time_machine.travel(START, tick=False):
        runs.start(experiment=experiment, actor=None)
    in_force.forget()
    return Experiment.objects.get(pk=experiment.pk)


@contextmanager
def at(moment: datetime):
    with time_machine.travel(moment, tick=True):
        in_force.forget()
        yield


def sent_at(experiment: Experiment, moment: datetime) -> tuple[int, int]:
    with at(moment):
        return sending.send(experiment=experiment, progress=Progress())


def exposed() -> Counter:
    with connect() as warehouse:
        rows = warehouse.rows(warehouse.table("exposures").select("customer", "variant", "exposed_at", "propensity"))
    return Counter((row["variant"], row["exposed_at"], row["propensity"]) for row in rows)


def test_every_customer_gets_the_words_of_their_variant_once(sink, people):
    experiment = launched()

    assert sent_at(experiment, START) == (10, 0)
    assert sent_at(experiment, START + DAY) == (0, 0)

    assert sink.to == [f"c{n}@example.org" for n in range(10)]
    subjects = Counter(str(mail["Subject"]) for mail in sink.mails)
    variants = Counter(Delivery.objects.values_list("variant", flat=True))
    assert subjects == {"Your week": variants["today"], "Three stories": variants["short"]}
    first = next(mail for mail in sink.mails if mail["To"] == "c3@example.org")
    assert first.get_content().startswith("Good morning Ada3,")
    assert {key: sum(n for (v, *_), n in exposed().items() if v == key) for key in variants} == variants
    assert {(moment, share) for _v, moment, share in exposed()} == {(START, 0.5)}


def test_state_and_time_zone_are_read_as_in_the_preview(sink, people, tmp_path):
    events = tmp_path / "events.csv"
    rows = [f"c3,visit,{(START - number * DAY).isoformat()}" for number in range(1, 29)]
    events.write_text("\n".join(["customer_id,event,occurred_at", *rows]) + "\n")
    import_events(path=events, name="events.csv", complete_through=None, progress=Progress())
    Customer.objects.filter(pk=people[3].pk).update(time_zone="Europe/Lisbon")
    with time_machine.travel(START - DAY, tick=False):
        experiment = planned()
    said = {"email": {"subject": "Hi", "text": '{{ state|fallback:"unseen" }} {{ time_zone|fallback:"nowhere" }}'}}
    Message.objects.update(contents=said)
    with time_machine.travel(START, tick=False):
        runs.start(experiment=experiment, actor=None)

    sent_at(experiment, START)

    read = {str(mail["To"]): mail.get_content().strip() for mail in sink.mails}
    assert read == {f"c{n}@example.org": "power Europe/Lisbon" if n == 3 else "unseen nowhere" for n in range(10)}


def test_a_control_without_a_message_is_exposed_at_the_same_moment_and_gets_none(sink, people):
    experiment = launched(control="", local_time=None)
    experiment.variants.filter(key="today").update(message=None)

    sent_at(experiment, START)

    shorts = Delivery.objects.count()
    assert 0 < shorts < 10
    assert set(Delivery.objects.values_list("variant", flat=True)) == {"short"}
    assert sum(exposed().values()) == 10
    assert len(sink.mails) == shorts


def test_b6_3_sent_and_not_sent_add_up_to_what_is_due_with_one_reason_each(sink, people):
    SendingLimits.objects.create(pk=1, most=1, days=7)
    permissions.suppress(customers=[people[0].pk], scope="everywhere", reason="asked", actor=None, at=START - DAY)
    permissions.say(customer=people[1], channel="email", is_granted=False, source="form")
    Customer.objects.filter(pk=people[2].pk).update(email="")
    Delivery.objects.create(
        experiment="another", variant="a", customer=people[3], channel="email", state="sent", due_at=START - DAY,
        done_at=START - DAY,
    )  # fmt: skip
    sink.refused = {"c4@example.org"}
    experiment = launched()

    assert sent_at(experiment, START) == (5, 1)

    told = fate(str(experiment.uid))
    assert told == {
        ("sent", ""): 5, ("not_sent", "suppressed"): 1, ("not_sent", "no_consent"): 1, ("not_sent", "no_address"): 1,
        ("not_sent", "cap"): 1, ("not_sent", "refused"): 1,
    }  # fmt: skip
    shown = running.sent(Experiment.objects.get(pk=experiment.pk))
    assert (shown.due, shown.waiting, shown.sent, shown.failed) == (10, 0, 5, 5)
    assert not Delivery.objects.filter(experiment=str(experiment.uid), done_at=None).exists()


def test_a_cap_that_keeps_back_many_is_told_in_health():
    for n in range(200):
        reason = "cap" if n < 3 else ""
        state = "not_sent" if reason else "sent"
        Delivery.objects.create(
            experiment="one", variant="a", customer=Customer.objects.create(), channel="email", state=state,
            reason=reason, due_at=START,
        )  # fmt: skip

    found = checks.cap_loss("one")

    assert (found.name, found.status) == ("cap_loss", "warn")
    assert found.message == "The frequency cap kept back 3 of 200 messages (1.5%)."
    assert checks.cap_loss("another") is None


def test_quiet_hours_put_off_and_exclude_nobody(sink, people):
    SendingLimits.objects.create(pk=1, quiet_from=time(8), quiet_to=time(12))
    Customer.objects.filter(pk=people[0].pk).update(time_zone="America/New_York")  # 5:00 there
    experiment = launched()

    assert sent_at(experiment, START) == (1, 0)
    assert sent_at(experiment, START + timedelta(hours=2)) == (0, 0)
    assert sent_at(experiment, START + timedelta(hours=3, seconds=1)) == (9, 0)


def test_a_time_of_day_is_each_customers_own_and_so_is_the_exposure(sink, people):
    Customer.objects.filter(pk__in=[one.pk for one in people[:4]]).update(time_zone="Asia/Kolkata")  # 14:30 there
    experiment = launched(local_time=time(10))

    assert sent_at(experiment, START) == (0, 0)
    assert sent_at(experiment, START + timedelta(hours=1, seconds=1)) == (6, 0)
    assert sent_at(experiment, datetime(2026, 7, 7, 4, 30, 1, tzinfo=UTC)) == (4, 0)

    moments = Counter()
    for (_variant, moment, _share), count in exposed().items():
        moments[moment] += count
    assert moments == {START + timedelta(hours=1): 6, datetime(2026, 7, 7, 4, 30, tzinfo=UTC): 4}


def test_b6_4_pause_stops_what_is_queued_and_resume_goes_on(sink, people):
    experiment = launched(local_time=time(10))
    sent_at(experiment, START)
    with at(START + timedelta(minutes=30)):
        runs.pause(experiment=experiment, actor=MemberFactory(), reason="A wrong link")

    assert sent_at(experiment, START + timedelta(hours=2)) == (0, 0)
    assert not sink.mails

    with at(START + timedelta(hours=3)):
        runs.resume(experiment=experiment, actor=MemberFactory())
    assert sent_at(experiment, START + timedelta(hours=3)) == (10, 0)


def test_what_is_still_due_at_the_end_is_told_as_stopped(sink, people):
    experiment = launched(local_time=time(10))
    sent_at(experiment, START)
    with at(START + timedelta(minutes=30)):
        runs.end(experiment=experiment, actor=MemberFactory(), reason="A wrong link")

    assert fate(str(experiment.uid)) == {("not_sent", "stopped"): 10}
    assert sent_at(experiment, START + DAY) == (0, 0)


def test_a_server_that_puts_off_is_asked_again_and_one_that_is_gone_is_told(sink, people, settings):
    sink.later = {"c5@example.org"}
    experiment = launched()

    assert sent_at(experiment, START) == (9, 1)
    sink.later = set()
    assert sent_at(experiment, START + timedelta(minutes=5)) == (0, 0)
    assert sent_at(experiment, START + timedelta(minutes=11)) == (1, 0)

    Delivery.objects.filter(customer=people[0]).update(state="due", done_at=None)
    settings.EMAIL_PORT = 9  # nobody listens there
    with pytest.raises(Unreachable, match="The mail server cannot be reached"):
        sent_at(experiment, START + DAY)
    assert fate(str(experiment.uid)) == {("sent", ""): 9, ("due", ""): 1}


def test_what_a_dead_worker_had_in_its_hands_is_unknown_and_never_sent_again(sink, people):
    experiment = launched(local_time=time(10))
    sent_at(experiment, START)
    Delivery.objects.filter(customer=people[0]).update(state="sending")

    assert sent_at(experiment, START + timedelta(hours=2)) == (9, 0)

    assert fate(str(experiment.uid)) == {("sent", ""): 9, ("not_sent", "unknown"): 1}
    assert "c0@example.org" not in sink.to


def test_the_header_and_the_link_unsubscribe_in_one_click(sink, people, client):
    sent_at(launched(), START)
    mail = next(one for one in sink.mails if one["To"] == "c7@example.org")
    address = str(mail["List-Unsubscribe"]).strip(" <>")
    path = re.sub(r"^https?://[^/]+", "", address)

    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in mail.get_content()
    looked = client.get(path)
    assert (looked.status_code, Consent.objects.get(customer=people[7], is_newest=True).is_granted) == (200, True)
    done = [client.post(path, {"List-Unsubscribe": "One-Click"}) for _ in range(2)]

    assert [answer.status_code for answer in done] == [200, 200]
    assert "You will get no more" in done[0].content.decode()
    assert not Consent.objects.get(customer=people[7], is_newest=True).is_granted
    assert InboxItem.objects.count() == 1
    assert client.get(path[:-3] + "/").status_code == 404


def test_a_link_of_somebody_erased_or_made_up_does_nothing(people):
    with pytest.raises(NotFound):
        unsubscribing.unsubscribe("made-up")
    token = unsubscribing.address(customer=999_999, channel="email").rstrip("/").rpartition("/")[2]
    unsubscribing.unsubscribe(token)
    assert not InboxItem.objects.exists()


def test_headers_cannot_be_made_from_customer_data(sink, people):
    Customer.objects.filter(pk=people[0].pk).update(traits={"first_name": "Eve\r\nBcc: all@example.org"})
    with time_machine.travel(START - DAY, tick=False):
        experiment = planned()
    for variant in experiment.variants.select_related("message"):
        variant.message.contents["email"]["subject"] = '{{ first_name|fallback:"reader" }}, look'
        variant.message.save()
    with time_machine.travel(START, tick=False):
        runs.start(experiment=experiment, actor=None)

    sent_at(experiment, START)

    mail = next(one for one in sink.mails if one["To"] == "c0@example.org")
    assert mail["Subject"] == "Eve Bcc: all@example.org, look"
    assert mail["Bcc"] is None


def test_the_launch_queues_it_and_the_worker_goes_on_with_what_comes_due(
    sink, people, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks():
        launched(local_time=time(10))
    job = Job.objects.get()
    assert (job.name, job.arguments) == (sending.SEND, {"key": "letter"})

    with at(START):
        assert tasks.send(progress=Progress(), **job.arguments)[0].startswith("0 messages sent")
    Job.objects.update(state="done")
    with at(START + timedelta(minutes=5)):
        assert sending.go_on() == 0
    with at(START + timedelta(hours=1, seconds=5)):
        assert (sending.go_on(), sending.go_on()) == (1, 0)


def test_who_sends_is_chosen_before_the_start_and_only_what_leaves_from_here(client):
    client.force_login(MemberFactory())
    with time_machine.travel(START - DAY, tick=False):
        experiment = planned()
        withdrawn = client.post(reverse("experiment_sending", args=["letter"]), {"by": "elsewhere"})
        assert (withdrawn.status_code, Sending.objects.exists()) == (302, False)
        client.post(reverse("experiment_sending", args=["letter"]), {"local_time": "09:30", "per_minute": "60"})
        chosen = Sending.objects.get()
        assert (chosen.local_time, chosen.per_minute) == (time(9, 30), 60)
        assert "at 09:30 of each customer" in client.get("/experiments/letter/audience/").content.decode()
        assert client.post(reverse("experiment_sending", args=["letter"]), {"per_minute": "0"}).status_code == 422
        message = experiment.variants.get(key="short").message
        message.contents = {"push": {"title": "Look", "body": "Here"}}
        message.save()
        with pytest.raises(Conflict, match="This site sends e-mail only"):
            sending.choose(experiment=experiment, actor=None)
    assert now() > START


def test_a_bandit_is_not_sent_to_all_at_once_and_nothing_goes_out_after_the_end(sink, people):
    experiment = launched(local_time=time(10))
    sent_at(experiment, START)
    assert sent_at(experiment, START + 15 * DAY) == (0, 0)
    assert not sink.mails

    Experiment.objects.update(kind="bandit", state="draft")
    with pytest.raises(Conflict, match="it has nothing to follow"):
        sending.choose(experiment=experiment, actor=None)


def test_the_health_page_and_its_file_tell_every_fate(sink, people, client):
    permissions.suppress(customers=[people[0].pk], scope="everywhere", reason="asked", actor=None, at=START - DAY)
    sent_at(launched(), START)
    client.force_login(MemberFactory())

    page = re.sub(r"\s+", " ", client.get("/experiments/letter/health/").content.decode())
    lines = client.get("/experiments/letter/deliveries.csv").content.decode().splitlines()

    assert '<th scope="row">Due</th><td class="num"><b>10</b>' in page
    assert 'Suppressed</th><td class="num soft">1</td>' in page
    assert lines[0] == "customer,variant,channel,due_at,state,reason,done_at"
    assert len(lines) == 11
    assert next(line for line in lines if "suppressed" in line).startswith(f"{people[0].pk},")


def test_a_run_sends_what_the_minute_has_room_for_and_the_next_ones_the_rest(sink, people):
    experiment = launched(per_minute=4)

    sent = [sent_at(experiment, START + timedelta(seconds=second)) for second in (0, 30, 61, 122, 183)]

    assert sent == [(4, 0), (0, 0), (4, 0), (2, 0), (0, 0)]
    assert sorted(sink.to) == sorted(f"c{n}@example.org" for n in range(10))


def test_a_run_ends_before_a_minute_is_over_and_leaves_the_rest_to_the_next(sink, people, monkeypatch):
    monkeypatch.setattr(sending, "AT_ONCE", 3)
    experiment = launched()
    clock = iter(range(0, 1000, 20))  # each look at the clock is twenty seconds after the last
    monkeypatch.setattr(sending, "monotonic", lambda: float(next(clock)))

    assert [sent_at(experiment, START)[0], sent_at(experiment, START)[0]] == [6, 4]


def test_nothing_is_queued_where_nothing_is_due_or_the_end_has_passed(sink, people):
    experiment = launched(per_minute=4)
    Job.objects.all().delete()
    with at(START + timedelta(minutes=1)):
        assert [sending.go_on(), sending.go_on()] == [1, 0]
    Job.objects.all().delete()
    with at(START + 15 * DAY):
        assert sending.go_on() == 0
    assert Experiment.objects.get(pk=experiment.pk).state == "running"
