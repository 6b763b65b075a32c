"""Changing what variants say: nothing is lost, approvals lapse, a sixth variant needs a reason."""

import json

import pytest

from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from engagement.messaging.models import Message
from experiments.models import Experiment, Variant
from experiments.services import checklist, variants
from experiments.services.plans import VariantPlan
from tests.experiments.builders import planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
MAIL = {"email": {"subject": "Hello", "text": "Dear"}}


@pytest.fixture
def author():
    return MemberFactory(name="Ada")


@pytest.fixture
def second():
    return MemberFactory(name="Ben")


@pytest.fixture
def mail(author) -> Variant:
    return planned(actor=author).variants.get(position=1)


def said(variant: Variant) -> tuple[dict, int] | None:
    message = Variant.objects.select_related("message").get(pk=variant.pk).message
    return (message.contents, message.version) if message else None


def test_a_message_is_saved_with_its_trace(mail, author):
    push = {"title": "Hi", "body": "Read on"}

    variants.save(variant=mail, contents={"email": {"subject": "Good day"}, "push": push}, seen_version=1, actor=author)

    assert said(mail) == ({"email": {"subject": "Good day"}, "push": push}, 2)
    entry = AuditEntry.objects.get(verb="changed message")
    assert (entry.actor, entry.target_id) == (author, str(mail.experiment_id))
    assert entry.before == {
        "An e-mail, email, subject": "Hello", "An e-mail, email, text": "Dear",
        "An e-mail, push, title": "", "An e-mail, push, body": "",
    }  # fmt: skip
    assert entry.after == {
        "An e-mail, email, subject": "Good day", "An e-mail, email, text": "",
        "An e-mail, push, title": "Hi", "An e-mail, push, body": "Read on",
    }  # fmt: skip


@pytest.mark.parametrize("contents", [{"fax": {"body": "x"}}, {"push": {"body": "x", "colour": "red"}}])
def test_what_no_message_has_is_refused_by_name(mail, author, contents):
    with pytest.raises(InvalidInput, match=r"A message has no “(fax|colour)”"):
        variants.save(variant=mail, contents=contents, seen_version=1, actor=author)

    assert said(mail) == (MAIL, 1)


def test_control_may_begin_to_say_something_and_fall_silent_again(mail, author):
    control = mail.experiment.variants.get(position=0)

    variants.save(variant=control, contents={"email": {"subject": "New"}}, seen_version=0, actor=author)
    variants.save(variant=control, contents={"email": {"subject": "  "}}, seen_version=1, actor=author)

    assert said(control) == ({}, 2)


def test_b2_5_of_two_members_who_change_a_message_the_second_is_shown_both_texts(mail, author, second):
    variants.save(variant=mail, contents={"email": {"subject": "Ada's"}}, seen_version=1, actor=author)

    with pytest.raises(variants.ChangedMeanwhile) as refusal:
        variants.save(variant=mail, contents={"email": {"subject": "Ben's"}}, seen_version=1, actor=second)

    assert (refusal.value.theirs, refusal.value.version) == ({"email": {"subject": "Ada's"}}, 2)
    assert str(refusal.value).startswith("Ada has changed this message since you opened it.")
    assert said(mail) == ({"email": {"subject": "Ada's"}}, 2)


def test_b2_5_of_eight_texts_saved_at_the_same_moment_one_is_kept_and_seven_come_back(installation):
    told = json.loads(installation.shell("from tests.experiments.races import written_by_eight; written_by_eight()"))

    assert told == {"ended": ["ChangedMeanwhile"] * 7 + ["done"], "version": 2, "entries": 1}


def test_b2_5_a_first_message_written_twice_is_no_exception(mail, author, second):
    control = mail.experiment.variants.get(position=0)
    variants.save(variant=control, contents={"email": {"subject": "Ada's"}}, seen_version=0, actor=author)

    with pytest.raises(variants.ChangedMeanwhile):
        variants.save(variant=control, contents={"email": {"subject": "Ben's"}}, seen_version=0, actor=second)

    assert said(control) == ({"email": {"subject": "Ada's"}}, 1)
    assert Message.objects.count() == 2


def test_saving_the_same_text_again_changes_nothing_whatever_was_seen(mail, author):
    variants.save(variant=mail, contents=MAIL, seen_version=0, actor=author)

    assert said(mail) == (MAIL, 1)
    assert not AuditEntry.objects.filter(verb="changed message").exists()


def test_b5_2_a_changed_text_lets_the_approval_lapse_and_whoever_wrote_it_cannot_approve(mail, author, second):
    experiment = mail.experiment
    checklist.mark(experiment=experiment, item="approval", kind="approval", actor=second)

    variants.save(variant=mail, contents={"email": {"subject": "Later"}}, seen_version=1, actor=second)

    approval = checklist.items(Experiment.objects.get(pk=experiment.pk))[-1]
    assert (approval.status, approval.finding) == ("open", "Ben approved it, and cannot also plan or launch it.")
    with pytest.raises(Forbidden, match="a second member approves"):
        checklist.mark(experiment=experiment, item="approval", kind="approval", actor=second)


def test_a_copy_says_the_same_and_shares_shrink_alike(mail, author):
    made = variants.add(experiment=mail.experiment, copy_of=mail, name="Short & sweet", actor=author)

    assert [(one.key, one.position, one.share) for one in mail.experiment.variants.all()] == [
        ("none", 0, pytest.approx(1 / 3)), ("mail", 1, pytest.approx(1 / 3)), ("short-sweet", 2, pytest.approx(1 / 3)),
    ]  # fmt: skip
    assert said(made) == (MAIL, 1)
    assert made.message_id != mail.message_id
    with pytest.raises(InvalidInput, match="a name that no other has"):
        variants.add(experiment=mail.experiment, copy_of=mail, name=" short & SWEET ", actor=author)


def test_what_was_added_can_be_taken_out_and_control_cannot(mail, author):
    made = variants.add(experiment=mail.experiment, copy_of=mail, name="Third", actor=author)

    variants.remove(variant=mail, actor=author)

    assert [(one.key, one.position, one.share) for one in mail.experiment.variants.all()] == [
        ("none", 0, pytest.approx(0.5)), ("third", 1, pytest.approx(0.5)),
    ]  # fmt: skip
    assert Message.objects.count() == 1
    for one in (made, mail.experiment.variants.get(position=0)):
        with pytest.raises(Conflict, match="Control stays"):
            variants.remove(variant=one, actor=author)


FIVE = [VariantPlan(f"v{number}", f"V {number}", 0.2, subject="Hi", body="Dear") for number in range(5)]


def test_b2_4_a_sixth_variant_is_refused_until_a_second_member_gives_a_reason(author, second):
    experiment = planned(actor=author, variants=FIVE)
    [first, *_rest] = experiment.variants.all()

    with pytest.raises(Conflict, match="needs a second member's reason"):
        variants.add(experiment=experiment, copy_of=first, name="Six", actor=author)
    with pytest.raises(Forbidden, match="a second member"):
        checklist.mark(experiment=experiment, item="variants", kind="waiver", actor=author, reason="I want it.")
    checklist.mark(experiment=experiment, item="variants", kind="waiver", actor=second, reason="Six regions.")
    variants.add(experiment=experiment, copy_of=first, name="Six", actor=author)

    found = {item.key: item for item in checklist.items(Experiment.objects.get(pk=experiment.pk))}["variants"]
    assert (found.status, found.finding) == ("waived", "6 variants, control included. “Six regions.”")


def test_b2_4_six_variants_planned_at_once_are_not_launched_without_that_reason(author, second):
    six = [VariantPlan(f"v{number}", f"V {number}", 1 / 6) for number in range(6)]
    experiment = planned(actor=author, variants=six)

    found = {item.key: item for item in checklist.items(experiment)}["variants"]

    assert (found.status, found.is_open) == ("failed", True)


@pytest.mark.parametrize("act", ["save", "add", "remove"])
def test_what_was_launched_is_not_rewritten(mail, author, second, act):
    Experiment.objects.filter(pk=mail.experiment_id).update(state="running")
    calls = {
        "save": lambda: variants.save(variant=mail, contents={}, seen_version=1, actor=author),
        "add": lambda: variants.add(experiment=mail.experiment, copy_of=mail, name="x", actor=author),
        "remove": lambda: variants.remove(variant=mail, actor=author),
    }

    with pytest.raises(Conflict, match="The variants are frozen: the experiment is running"):
        calls[act]()


def test_whoever_only_reads_changes_no_text(mail):
    with pytest.raises(Forbidden):
        variants.save(variant=mail, contents={}, seen_version=1, actor=MemberFactory(reader=True))
