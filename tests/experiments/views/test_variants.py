"""The tab Variants, the editor, previews, and of how many customers a token is unknown."""

import re

import pytest
from django.urls import reverse

from engagement.accounts.models import AuditEntry
from engagement.core.jobs import Progress
from engagement.customers.models import Customer
from engagement.customers.services import audiences
from engagement.customers.services.customer_imports import import_customers
from engagement.messaging.models import Message
from experiments.models import Experiment, Sending, Variant
from experiments.services import checklist, eligibility, variants
from experiments.services.plans import VariantPlan
from tests.experiments.builders import planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script><b onclick=x>"
HTML = '<p class="hi" title="{{ first_name|fallback:"x" }}">Dear {{ first_name|fallback:"reader" }}</p>'


@pytest.fixture
def me(client):
    member = MemberFactory(name="Ada")
    client.force_login(member)
    return member


@pytest.fixture
def experiment(me) -> Experiment:
    return planned(actor=me)


@pytest.fixture
def people(tmp_path) -> list[Customer]:
    file = tmp_path / "people.csv"
    file.write_text(
        f'customer_id,email,first_name,plan\nreader-1,zoe@example.org,"{HOSTILE}",gold\n'
        "reader-2,,Ben,gold\nreader-3,,,gold\nreader-4,,,free\n"
    )
    import_customers(path=file, name="people.csv", progress=Progress())
    return list(Customer.objects.order_by("external_id"))


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def say(experiment, place, member, **contents) -> Variant:
    variant = experiment.variants.get(position=place)
    seen = variant.message.version if variant.message else 0
    return variants.save(variant=variant, contents=contents, seen_version=seen, actor=member)


def url(name: str, experiment: Experiment, place: int = 1) -> str:
    return reverse(name, args=[experiment.key, place])


def test_the_tab_tells_differences_levers_and_what_is_wrong(client, me, experiment):
    say(experiment, 0, me, email={"subject": "Hello", "text": "Dear reader\nJoin us"})
    say(
        experiment,
        1,
        me,
        email={"subject": "Hello {{ first_name }}", "text": "Dear reader\n214 days"},
        push={"title": "A"},
    )

    page = client.get(reverse("experiment", args=[experiment.key, "variants"]))

    assert page.context["state"].main == "1 token has no fallback."
    assert page.context["state"].first == "Control and 1 variant on e-mail and push."
    assert page.context["next_step"].what == "Give {{ first_name }} a fallback in “An e-mail”"
    column = page.context["columns"][1]
    assert column.summary == "Differs from control in 3 fields: E-mail (Subject, Text), Push (Title)."
    assert column.levers == "2 levers at once: channel, content. The cause of a difference will be unclear."
    assert [(said.field, said.problem.sentence, said.is_blocking) for said in column.problems] == [
        ("Subject", "Line 1: first_name has no fallback.", True),
        ("Subject", "Line 1: no customer has the trait first_name.", False),
        ("Text", "There is no link to unsubscribe: {{ unsubscribe_url }}.", False),
        ("Text", "There is no text here yet.", False),
    ]
    assert [(row.label, [(cell.text, cell.length) for cell in row.cells]) for row in page.context["rows"]] == [
        ("E-mail: Subject", [("Hello", "5 of 50 characters"), ("Hello {{ first_name }}", "22 of 50 characters")]),
        ("E-mail: Text, paragraph 2", [("Join us", ""), ("214 days", "")]),
        ("Push: Title", [("", ""), ("A", "1 of 40 characters")]),
    ]


def test_where_this_site_sends_a_mail_without_its_link_to_unsubscribe_keeps_the_launch_back(client, me, experiment):
    Sending.objects.create(experiment=experiment)

    page = client.get(reverse("experiment", args=[experiment.key, "variants"]))

    assert page.context["state"].main == "1 text keeps the launch back."
    assert page.context["next_step"].what == "Mend “An e-mail”"


def test_b2_1_the_item_fails_on_a_broken_token_too_and_says_where(client, me, experiment):
    say(experiment, 1, me, email={"subject": "Hi {{ a.b }}", "text": "www.a.example"})

    found = {item.key: item for item in checklist.items(experiment)}

    assert (found["tokens"].status, found["tokens"].finding) == (
        "failed",
        "An e-mail: Line 1, column 4: a token is the name of a trait, event.NAME or state; nothing is looked up in it.",
    )
    assert (found["links"].status, found["links"].finding) == (
        "failed", "An e-mail: Line 1: “www.a.example” is no whole address: begin it with https://.",
    )  # fmt: skip


def test_b2_5_a_text_saved_meanwhile_comes_back_beside_mine(client, me, experiment):
    say(experiment, 1, MemberFactory(name="Ben"), email={"subject": "Ben's", "text": "Dear"})

    answer = client.post(
        url("experiment_variant", experiment),
        {"seen_version": "1", "email-subject": "Mine", "email-text": "Dear", "push-title": "Hi"},
    )

    assert answer.status_code == 409
    boxes = {box.bound.name: box for part in answer.context["parts"] for box in part.boxes}
    assert (boxes["email-subject"].bound.value(), boxes["email-subject"].theirs) == ("Mine", "Ben's")
    assert (boxes["email-text"].theirs, boxes["push-title"].theirs) == (None, "")
    assert "Ben has changed this message since you opened it." in text_of(answer)
    again = client.post(
        url("experiment_variant", experiment),
        {"seen_version": answer.context["seen_version"], "email-subject": "Mine and Ben's", "email-text": "Dear"},
    )
    assert again.status_code == 302
    assert Message.objects.get().contents == {"email": {"subject": "Mine and Ben's", "text": "Dear"}}
    kept = AuditEntry.objects.filter(verb="changed message").latest("pk").before
    assert kept == {"An e-mail, email, subject": "Ben's"}


def test_a_text_typed_while_somebody_launched_is_not_saved_and_not_lost(client, me, experiment):
    Experiment.objects.filter(pk=experiment.pk).update(state="running")

    answer = client.post(
        url("experiment_variant", experiment), {"seen_version": "1", "email-subject": "Typed for long"}
    )

    page = text_of(answer)
    assert answer.status_code == 409
    assert "The variants are frozen: the experiment is running." in page
    assert ("Typed for long" in page, "What you typed is still here." in page) == (True, True)
    assert Message.objects.get().version == 1


def test_b2_3_what_a_customer_is_called_is_text_in_the_preview(client, me, experiment, people):
    client.force_login(MemberFactory(administrator=True))
    say(experiment, 1, me, email={"subject": "{{ first_name }}", "html": HTML}, push={"title": "{{ first_name }}"})

    answer = client.post(
        url("experiment_preview", experiment),
        {
            "as_customer": "1", "customer": "reader-1", "email-subject": "{{ first_name }}", "email-html": HTML,
            "push-title": "{{ first_name }}",
        },
    )  # fmt: skip

    shown = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;b onclick=x&gt;"
    page = answer.content.decode()
    assert ("<script" in page, "<b onclick" in page) == (False, False)
    assert f'<p class="hi" title="{shown}">Dear {shown}</p>' in page
    assert page.count(shown) == 5  # subject, HTML twice, push collapsed and expanded


def test_a_preview_runs_nothing_and_belongs_to_no_origin(client, me, experiment, people):
    say(experiment, 1, me, email={"subject": "A", "html": "<script>alert(1)</script>"})
    policy = (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src https: data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; sandbox"
    )

    made_up = client.get(url("experiment_preview", experiment))
    real = client.post(url("experiment_preview", experiment), {"as_customer": "1", "customer": "reader-2"})

    assert made_up.headers["Content-Security-Policy"] == policy
    assert real.headers["Content-Security-Policy"] == policy.replace("https: ", "")


@pytest.mark.parametrize(("is_administrator", "shown", "told"), [(False, "B•••", ", masked."), (True, "Ben", ".")])
def test_b2_2_a_real_customer_is_masked_unless_the_role_allows_and_the_view_is_logged(
    client, me, experiment, people, is_administrator, shown, told
):
    member = MemberFactory(administrator=is_administrator)
    client.force_login(member)
    text = "{{ first_name }} on {{ plan }}, {{ state|fallback:'new' }}"

    answer = client.post(
        url("experiment_preview", experiment), {"as_customer": "1", "customer": "reader-2", "push-body": text}
    )

    page = text_of(answer)
    assert f"{shown} on gold, new" in page
    assert f"As customer {people[1].pk}{told} That is in the audit trail." in page
    entry = AuditEntry.objects.get(verb="previewed a message as customer")
    assert (entry.actor, entry.target_id) == (member, str(people[1].pk))
    assert entry.after == {"masked": not is_administrator, "tokens": ["first_name", "plan", "state"]}


def test_a_customer_nobody_knows_is_told_in_the_frame_and_leaves_no_trace(client, experiment):
    answer = client.post(url("experiment_preview", experiment), {"as_customer": "1", "customer": "<nobody>"})

    assert answer.status_code == 404
    assert "Nobody is known by “&lt;nobody&gt;”." in answer.content.decode()
    assert not AuditEntry.objects.filter(verb__startswith="previewed").exists()


@pytest.mark.parametrize(
    ("persona", "said"),
    [
        ("ideal", "Dear Anna"),
        ("emptiest", "Dear reader"),
        ("longest", "Dear Maximiliane"),
        ("right_to_left", "Dear ليلى"),
    ],
)
def test_made_up_customers_read_the_message_as_it_stands_in_the_editor(client, experiment, persona, said):
    text = {"push-body": 'Dear {{ first_name|fallback:"reader" }}', "as": persona, "look": "wide-dark"}

    page = client.post(url("experiment_preview", experiment), text).content.decode()

    assert said in page
    assert ('class="wide-dark"' in page, 'data-theme="dark"' in page) == (True, True)
    assert Message.objects.get().contents == {"email": {"subject": "Hello", "text": "Dear"}}


def test_a_broken_template_is_told_where_it_would_stand(client, experiment):
    page = client.post(url("experiment_preview", experiment), {"push-body": "{% for x in y %}"}).content.decode()

    assert "Line 1, column 1: between {% and %} there is only if, else and endif." in page


def test_of_how_many_of_the_audience_a_token_is_unknown(client, me, experiment, people):
    say(
        experiment, 1, me, push={"body": "{{ first_name }}{{ email }}{{ state }}{{ event.total }}{{ unsubscribe_url }}"}
    )
    everybody = client.get(reverse("experiment_token_gaps", args=[experiment.key])).context["gaps"]
    gold = audiences.create(name="Gold", rule={"trait": "plan", "op": "is", "value": "gold"}, actor=me)
    eligibility.choose(experiment=experiment, version=gold, actor=me)

    chosen = client.get(reverse("experiment_token_gaps", args=[experiment.key])).context["gaps"]

    assert (everybody["customers"], everybody["rows"]) == (
        "4", [("email", "3", 0.75), ("event.total", "", None), ("first_name", "2", 0.5), ("state", "", None)],
    )  # fmt: skip
    assert (chosen["customers"], chosen["rows"]) == (
        "3", [("email", "2", 2 / 3), ("event.total", "", None), ("first_name", "1", 1 / 3), ("state", "", None)],
    )  # fmt: skip
    page = client.get(f"{reverse('experiment', args=[experiment.key, 'variants'])}?gaps=1")
    assert page.context["gaps"]["rows"] == chosen["rows"]


def test_a_variant_is_added_opened_and_taken_out(client, me, experiment):
    add = reverse("experiment_variant_add", args=[experiment.key])

    made = client.post(add, {"copy_of": "1", "name": "Third"})
    twice = client.post(add, {"copy_of": "1", "name": "third"})

    assert made.url == url("experiment_variant", experiment, 2)
    assert client.get(made.url).status_code == 200
    assert (twice.status_code, twice.context["copy_form"].errors) == (
        422, {"name": ["Give the variant a name that no other has."]},
    )  # fmt: skip
    assert client.post(url("experiment_variant_remove", experiment, 2)).status_code == 302
    assert [one.key for one in experiment.variants.all()] == ["none", "mail"]
    assert client.get(url("experiment_variant", experiment, 2)).status_code == 404


def test_b2_4_the_page_asks_for_a_second_members_reason_before_the_sixth(client, me):
    five = [VariantPlan(f"v{number}", f"V {number}", 0.2) for number in range(5)]
    experiment = planned(actor=me, variants=five)
    tab, add = (
        reverse("experiment", args=[experiment.key, "variants"]),
        reverse("experiment_variant_add", args=[experiment.key]),
    )

    refused = client.post(add, {"copy_of": "0", "name": "Six"})

    assert refused.status_code == 409
    assert "A sixth variant needs a second member" in text_of(refused)
    assert "Why more than five are worth it" in text_of(client.get(tab))
    client.force_login(MemberFactory(name="Ben"))
    client.post(
        reverse("experiment_mark", args=[experiment.key]), {"item": "variants", "kind": "waiver", "reason": "Regions."}
    )
    client.force_login(me)
    assert client.post(add, {"copy_of": "0", "name": "Six"}).status_code == 302


def test_whoever_only_reads_sees_no_editor_and_saves_nothing(client, me, experiment):
    client.force_login(MemberFactory(reader=True))

    tab = text_of(client.get(reverse("experiment", args=[experiment.key, "variants"])))
    closer = text_of(client.get(url("experiment_variant", experiment)))
    saved = client.post(url("experiment_variant", experiment), {"seen_version": "1", "email-subject": "x"})

    assert ("Copy a variant" in tab, "Edit An e-mail" in tab, saved.status_code) == (False, False, 403)
    assert ("Look closer at An e-mail" in tab, "readonly" in closer, "Back without saving" in closer) == (
        True, True, False,
    )  # fmt: skip


@pytest.mark.parametrize("count", [2, 4])
def test_the_tab_asks_the_same_number_of_queries_for_two_and_four_variants(
    client, me, count, django_assert_num_queries
):
    plans = [VariantPlan(f"v{n}", f"V {n}", 1 / count, subject="{{ a }}", body="{{ b }}") for n in range(count)]
    experiment = planned(actor=me, variants=plans)
    path = reverse("experiment", args=[experiment.key, "variants"])
    client.get(path)

    with django_assert_num_queries(13):
        client.get(path)
