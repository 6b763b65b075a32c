import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail

from engagement.accounts.models import INVITATION_VALID, AuditEntry, Invitation, Member
from engagement.accounts.services import invitations
from engagement.core.errors import Conflict, Forbidden
from tests.factories import PASSWORD, MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
NEWCOMER = {"email": "Nora@Example.org", "role": "member", "discipline": "data"}


@pytest.fixture
def administrator():
    return MemberFactory(administrator=True)


def path_in_mail() -> str:
    return re.search(r"https?://[^/]+(/join/\S+)", mail.outbox[-1].body)[1]


def invite(administrator, **changed) -> str:
    return invitations.invite(actor=administrator, **{**NEWCOMER, "pods": [], **changed})


def follow(client, link: str):
    return client.get("/" + link.split("/", 3)[3])


def join(client, **typed):
    form = {"email": "nora@example.org", "name": "Nora", "password1": PASSWORD, "password2": PASSWORD, **typed}
    return client.post("/accounts/signup/", form)


def test_an_invited_person_joins_with_what_the_invitation_says(
    client, administrator, django_capture_on_commit_callbacks
):
    pod = PodFactory()
    client.force_login(administrator)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/settings/people/", {**NEWCOMER, "pods": [pod.pk]})
    client.logout()

    form = client.get(path_in_mail(), follow=True)
    answer = join(client)

    assert 'value="nora@example.org"' in form.content.decode()
    assert answer.url == "/"
    nora = Member.objects.get(email="nora@example.org")
    assert (nora.name, nora.role, nora.discipline, set(nora.pods.all())) == ("Nora", "member", "data", {pod})
    assert client.get("/settings/profile/").context["user"] == nora
    trail = AuditEntry.objects.values_list("actor_name", "verb", "target_type", "after").order_by("pk")
    assert list(trail) == [
        (administrator.name, "invited", "invitation", {"role": "member", "discipline": "data"}),
        ("Nora", "joined", "member", {"role": "member"}),
    ]


def test_the_browser_cannot_choose_another_address(client, administrator):
    follow(client, invite(administrator))

    join(client, email="mallory@example.org")

    assert set(Member.objects.values_list("email", flat=True)) == {administrator.email, "nora@example.org"}
    assert set(EmailAddress.objects.values_list("email", flat=True)) == {"nora@example.org"}


def test_a_link_opens_once(client, administrator):
    link = invite(administrator)
    follow(client, link)
    join(client)
    client.logout()

    again = follow(client, link)

    assert again.status_code == 404
    assert "used up or too old" in again.content.decode()
    assert Member.objects.count() == 2


def test_a_link_opens_for_two_weeks(client, administrator):
    link = invite(administrator)

    with time_machine.travel(Invitation.objects.get().sent_at + INVITATION_VALID):
        assert follow(client, link).status_code == 404
        assert join(client).status_code == 200

    assert Member.objects.count() == 1


def test_nobody_signs_up_without_an_invitation(client, administrator):
    page = client.get("/accounts/signup/")
    answer = join(client)

    assert "By invitation only" in page.content.decode()
    assert "By invitation only" in answer.content.decode()
    assert set(Member.objects.all()) == {administrator}


def test_the_link_is_nowhere_in_the_database(administrator):
    token = invite(administrator).rstrip("/").rpartition("/")[2]

    stored = Invitation.objects.values_list().get()
    assert token not in str(stored)


@pytest.mark.parametrize("trait", [{}, {"reader": True}])
def test_only_administrators_invite(client, trait):
    member = MemberFactory(**trait)
    client.force_login(member)

    answer = client.post("/settings/people/", NEWCOMER)

    assert answer.status_code == 403
    assert "Only an administrator may change this" in answer.content.decode()
    with pytest.raises(Forbidden):
        invite(member)
    assert (Invitation.objects.count(), mail.outbox) == (0, [])


def test_a_member_is_not_invited_twice(client, administrator):
    MemberFactory(email="nora@example.org")
    client.force_login(administrator)

    answer = client.post("/settings/people/", NEWCOMER)

    assert answer.context["form"].errors == {"email": ["Nora@Example.org is a member already."]}
    assert not Invitation.objects.exists()


def test_a_withdrawn_invitation_opens_nothing_and_leaves_its_trace(client, administrator):
    link = invite(administrator)
    client.force_login(administrator)

    client.post(f"/settings/invitations/{Invitation.objects.get().pk}/withdraw/")
    client.logout()

    assert follow(client, link).status_code == 404
    entry = AuditEntry.objects.get(verb="withdrew")
    assert (entry.actor, entry.target_label, entry.before) == (administrator, "nora@example.org", {"role": "member"})


def test_an_accepted_invitation_cannot_be_withdrawn(client, administrator):
    follow(client, invite(administrator))
    join(client)

    with pytest.raises(Conflict):
        invitations.withdraw(invitation=Invitation.objects.get(), actor=administrator)

    assert Invitation.objects.count() == 1
