import pytest

from engagement.accounts.models import AuditEntry, Member, Pod, Workspace
from engagement.accounts.services import people
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return MemberFactory(administrator=True, name="Ada")


def entry() -> tuple:
    found = AuditEntry.objects.get()
    return found.actor_name, found.verb, found.target_type, found.before, found.after


def test_a_change_of_the_workspace_is_kept_with_before_and_after(administrator):
    workspace = Workspace.objects.get()

    people.change_workspace(workspace=workspace, actor=administrator, name="Harbour Post", currency="EUR")

    assert Workspace.objects.get().name == "Harbour Post"
    assert entry() == ("Ada", "changed", "workspace", {"name": "Workspace"}, {"name": "Harbour Post"})


def test_saving_what_is_already_so_leaves_no_trace(administrator):
    people.change_workspace(workspace=Workspace.objects.get(), actor=administrator, currency="EUR")

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("trait", [{}, {"reader": True}])
def test_others_than_administrators_change_nothing(trait):
    actor, pod = MemberFactory(**trait), PodFactory(name="Loyalty")

    with pytest.raises(Forbidden):
        people.change_workspace(workspace=Workspace.objects.get(), actor=actor, name="Mine")
    with pytest.raises(Forbidden):
        people.save_pod(pod=pod, name="Mine", outcome="", members=[], actor=actor)
    with pytest.raises(Forbidden):
        people.change_member(member=actor, role="administrator", discipline="data", is_active=True, actor=actor)

    assert (Workspace.objects.get().name, Pod.objects.get().name) == ("Workspace", "Loyalty")
    assert not Member.objects.filter(role="administrator").exists()
    assert not AuditEntry.objects.exists()


def test_a_new_pod_is_kept_with_its_members(administrator):
    pod = people.save_pod(
        pod=None, name="Reader loyalty", outcome="Week-2 activity", members=[administrator], actor=administrator
    )

    assert (pod.slug, set(pod.members.all())) == ("reader-loyalty", {administrator})
    after = {"name": "Reader loyalty", "outcome": "Week-2 activity", "members": ["Ada"]}
    assert entry() == ("Ada", "created", "pod", {}, after)


def test_a_changed_pod_keeps_its_address(administrator):
    pod = PodFactory(name="Loyalty", slug="loyalty", members=[administrator])

    people.save_pod(pod=pod, name="Reader loyalty", outcome="", members=[], actor=administrator)

    assert (pod.slug, pod.name, pod.members.count()) == ("loyalty", "Reader loyalty", 0)
    before = {"name": "Loyalty", "outcome": "", "members": ["Ada"]}
    assert entry() == ("Ada", "changed", "pod", before, {"name": "Reader loyalty", "outcome": "", "members": []})


def test_two_pods_of_one_name_are_refused_at_the_name(administrator):
    PodFactory(name="Loyalty", slug="loyalty")

    with pytest.raises(InvalidInput) as refusal:
        people.save_pod(pod=None, name="Loyalty", outcome="", members=[], actor=administrator)

    assert (refusal.value.field, str(refusal.value)) == ("name", "There is a pod of that name already.")
    assert Pod.objects.count() == 1


@pytest.mark.parametrize(("first", "second"), [("Loyalty!", "Loyalty?"), ("新聞", "読者")])
def test_pods_whose_names_share_a_slug_both_get_an_address(administrator, first, second):
    slugs = [
        people.save_pod(pod=None, name=name, outcome="", members=[], actor=administrator).slug
        for name in (first, second)
    ]

    assert len(set(slugs)) == 2


def test_a_member_is_changed_with_a_trace(administrator):
    member = MemberFactory(name="Ben", discipline="design")

    people.change_member(member=member, role="reader", discipline="design", is_active=True, actor=administrator)

    assert Member.objects.get(pk=member.pk).role == "reader"
    assert entry() == ("Ada", "changed", "member", {"role": "member"}, {"role": "reader"})


@pytest.mark.parametrize("change", [{"role": "member"}, {"is_active": False}])
def test_the_last_administrator_stays_one(administrator, change):
    MemberFactory(administrator=True, is_active=False)
    values = {"role": "administrator", "discipline": "design", "is_active": True, **change}

    with pytest.raises(Conflict) as refusal:
        people.change_member(member=administrator, actor=administrator, **values)

    assert str(refusal.value) == "Ada is the only administrator. Make somebody else one first."
    administrator.refresh_from_db()
    assert (administrator.role, administrator.is_active) == ("administrator", True)
    assert not AuditEntry.objects.exists()


def test_one_of_two_administrators_may_step_down(administrator):
    MemberFactory(administrator=True)

    people.change_member(member=administrator, role="member", discipline="design", is_active=True, actor=administrator)

    assert not Member.objects.get(pk=administrator.pk).is_administrator
