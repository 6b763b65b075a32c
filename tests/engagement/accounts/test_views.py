import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.accounts.models import AuditEntry, Member, Pod, Workspace
from engagement.core.models import Job, JobState
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
WORKSPACE = {
    "name": "Harbour Post",
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "naming_pattern": "{quarter}-{title}",
    "ideal_usage_interval_days": 1,
}


@pytest.fixture
def administrator(client):
    member = MemberFactory(administrator=True, name="Ada")
    client.force_login(member)
    return member


def queries_of(client, path) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_an_administrator_changes_the_workspace(client, administrator):
    answer = client.post("/settings/", WORKSPACE)

    assert answer.url == "/settings/"
    assert Workspace.objects.values(*WORKSPACE).get() == WORKSPACE


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("time_zone", "Mars/Olympus", "“Mars/Olympus” is no time zone; use a name such as Europe/Berlin."),
        ("currency", "eur", "Three capital letters, such as EUR."),
        ("naming_pattern", "{quarter}", "Without {title} two experiments would get the same name."),
        ("naming_pattern", "{title}-{who}", "Only {quarter}, {pod}, {channel} and {title} can be filled in."),
        ("naming_pattern", "{title.__class__}", "Only {quarter}, {pod}, {channel} and {title} can be filled in."),
        ("naming_pattern", "{title!r:>9}", "Only {quarter}, {pod}, {channel} and {title} can be filled in."),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_beside_its_field(client, administrator, field, value, sentence):
    answer = client.post("/settings/", {**WORKSPACE, field: value})

    assert sentence in answer.context["form"].errors[field]
    assert Workspace.objects.get().name == "Workspace"


def test_a_member_sees_the_settings_and_why_they_are_closed(client):
    client.force_login(MemberFactory())

    page = client.get("/settings/").content.decode()
    refused = client.post("/settings/", WORKSPACE)

    assert '<fieldset class="fields" disabled>' in page
    assert "Only an administrator may change this." in page
    assert refused.status_code == 403
    assert Workspace.objects.get().name == "Workspace"


@pytest.mark.parametrize("path", ["/settings/audit/", "/settings/people/{member}/"])
def test_pages_for_administrators_are_refused_to_others(client, path):
    someone = MemberFactory(name="Nora")
    AuditEntry.objects.create(
        actor=someone, actor_name="Nora", verb="joined", target_type="member", target_label="Nora"
    )
    client.force_login(MemberFactory())

    answer = client.get(path.format(member=someone.pk))

    assert answer.status_code == 403
    assert "Nora" not in answer.content.decode()


def test_a_member_changes_the_own_profile_and_no_other(client):
    other, member = MemberFactory(name="Other"), MemberFactory()
    client.force_login(member)

    asked = {"name": "Nora", "theme": "dark", "time_zone": "", "digest": "weekly", "role": "administrator"}
    client.post("/settings/profile/", asked)

    member.refresh_from_db()
    changed = (member.name, member.theme, member.has_shortcuts, member.digest, member.role)
    assert changed == ("Nora", "dark", False, "weekly", "member")
    assert Member.objects.get(pk=other.pk).name == "Other"
    assert 'data-theme="dark"' in client.get("/settings/profile/").content.decode()
    assert "js/keys.js" not in client.get("/settings/profile/").content.decode()


def test_an_administrator_makes_and_changes_a_pod(client, administrator):
    client.post("/settings/pods/new/", {"name": "Loyalty", "outcome": "", "members": [administrator.pk]})
    client.post("/settings/pods/loyalty/", {"name": "Reader loyalty", "outcome": "Week 2", "members": []})

    pod = Pod.objects.get()
    assert (pod.name, pod.outcome, pod.members.count()) == ("Reader loyalty", "Week 2", 0)


def test_a_pod_form_comes_back_with_what_was_typed(client, administrator):
    PodFactory(name="Loyalty")

    answer = client.post("/settings/pods/new/", {"name": "Loyalty", "outcome": "Week-2 activity"})

    page = answer.content.decode()
    assert "There is a pod of that name already." in page
    assert 'value="Week-2 activity"' in page


def test_an_administrator_sees_and_reopens_a_closed_account_and_others_do_not_see_it(client, administrator):
    closed = MemberFactory(name="Nora", is_active=False)

    assert "Nora" in client.get("/settings/people/").content.decode()
    client.post(f"/settings/people/{closed.pk}/", {"role": "member", "discipline": "design", "is_active": "on"})
    assert Member.objects.get(pk=closed.pk).is_active
    client.get("/settings/people/")  # which takes the message along

    Member.objects.filter(pk=closed.pk).update(is_active=False)
    client.force_login(MemberFactory())
    assert "Nora" not in client.get("/settings/people/").content.decode()


def test_the_audit_trail_shows_what_was_changed_from_and_to(client, administrator):
    client.post("/settings/", WORKSPACE)

    page = " ".join(client.get("/settings/audit/").content.decode().split())

    assert "changed Harbour Post" in page
    assert '<span class="soft">currency:</span>' not in page
    assert '<span class="soft">time zone:</span> UTC → Europe/Berlin' in page


@pytest.mark.parametrize("path", ["/settings/people/", "/settings/audit/"])
def test_lists_ask_the_same_number_of_questions_at_one_row_and_at_three(client, administrator, path):
    def add() -> None:
        member = MemberFactory()
        PodFactory(members=[member, administrator])
        AuditEntry.objects.create(actor=member, actor_name=member.name, verb="joined", target_type="member")

    add()
    at_one = queries_of(client, path)
    add()
    add()

    assert queries_of(client, path) == at_one
    assert at_one <= 12


def test_a_refusal_is_a_page_with_its_sentence_and_a_way_on(client, administrator):
    answer = client.post(f"/settings/people/{administrator.pk}/", {"role": "member", "discipline": "design"})

    assert answer.status_code == 409
    assert "Ada is the only administrator. Make somebody else one first." in answer.content.decode()


def test_a_job_is_shown_to_who_asked_for_it_alone(client, administrator):
    mine = Job.objects.create(name="x", label="Import of mine", asked_by=administrator)
    theirs = Job.objects.create(name="x", label="Import of theirs", asked_by=MemberFactory())

    assert "Import of mine" in client.get(f"/jobs/{mine.pk}/").content.decode()
    assert client.get(f"/jobs/{theirs.pk}/").status_code == 404


def test_htmx_is_handed_the_fragment_until_the_job_is_over(client, administrator):
    job = Job.objects.create(name="x", label="Import", asked_by=administrator, state=JobState.RUNNING, doing="Reading")

    running = client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    Job.objects.update(state=JobState.DONE, outcome="12 rows read.", result_url="/settings/")
    done = client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in running
    assert f'hx-get="/jobs/{job.pk}/"' in running
    assert "Reading" in running
    assert "hx-get" not in done
    assert "12 rows read." in done
    assert 'href="/settings/"' in done
