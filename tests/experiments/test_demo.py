"""Building the demonstration workspace: that it is the same again, and where it is refused."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pyarrow.parquet as pq
import pytest
import time_machine
from django.conf import settings as live_settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import override_settings

from backlog.models import Ballot, Idea
from backlog.services import ideas
from engagement.accounts.choices import Discipline, Role
from engagement.accounts.models import Member, Pod, Workspace
from engagement.accounts.queries import workspace
from engagement.core.jobs import Progress
from engagement.customers.models import Customer
from engagement.customers.services import customers
from engagement.warehouse import store
from experiments.models import Decision, Experiment, Readout
from experiments.services import analysis, demonstration, results_uploads
from experiments.services.demonstration import removal
from tests.factories import MemberFactory

READERS = 1_500
WEDNESDAY = "2026-11-18T12:00:00+00:00"
MINA = "mina@larkmoor-courier.example"


@pytest.fixture(autouse=True)
def on_a_wednesday() -> Iterator[None]:
    with time_machine.travel(WEDNESDAY):
        yield


def build(**options: Any) -> list[demonstration.SignIn]:
    return demonstration.build(**{"customers": READERS, "seed": 2, "progress": Progress(), **options})


def demo(*arguments: str) -> str:
    out = StringIO()
    call_command("demo", "--customers", str(READERS), *arguments, stdout=out)
    return out.getvalue()


def refusal(*arguments: str) -> str:
    """The sentence with which the command exits 1."""
    error = StringIO()
    with pytest.raises(SystemExit) as exit_info:
        call_command("demo", "--customers", str(READERS), *arguments, stderr=error)
    assert exit_info.value.code == 1
    return error.getvalue()


# --- the same again -------------------------------------------------------------------------------------------------
def data() -> tuple[list[Any], list[Any], list[Any]]:
    """Everything but passwords and generated ids: ballots, readouts, decisions."""
    ballots = Ballot.objects.order_by("round_idea__idea__title", "voter__email").values_list(
        "round_idea__idea__title", "voter__email", "impact", "confidence", "ease", "comment", "expected_lift", "cast_at"
    )
    readouts = [rounded(readout.document) for readout in Readout.objects.order_by("experiment__key")]
    decisions = Decision.objects.order_by("experiment__key").values_list(
        "experiment__key", "kind", "variant__key", "learning", "decided_by__email", "decided_at"
    )
    return list(ballots), readouts, list(decisions)


def rounded(part: Any) -> Any:
    """The engine adds on several threads in whatever order they finish, so that the last digits of a sum differ."""
    if isinstance(part, dict):
        # When a look was taken is when the demonstration was built.
        return {key: rounded(value) for key, value in part.items() if key != "taken_at"}
    if isinstance(part, list):
        return [rounded(value) for value in part]
    return float(f"{part:.9g}") if isinstance(part, float) else part


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_data():
    build(seed=3)
    first = data()

    build(seed=3, reset=True)

    assert data() == first
    assert [len(part) for part in first] == [188, 10, 7]


# --- where it is built, and where not -------------------------------------------------------------------------------
@pytest.mark.django_db
def test_if_empty_prints_address_and_sign_ins_and_the_second_time_where_they_are():
    with override_settings(BASE_URL="http://127.0.0.1:8123"):
        printed = demo("--if-empty")
    said = demo("--if-empty")

    assert printed.startswith(
        "Larkmoor Courier is ready, with 1,500 simulated readers. Open http://127.0.0.1:8123 and sign in as one of "
        "these; the passwords are shown this once, and work on this machine only.\n"
    )
    lines = [line.split() for line in printed.splitlines() if "@" in line]
    assert [(role, email) for role, email, _password in lines] == [
        ("administrator", "orla@larkmoor-courier.example"),
        ("member", MINA),
        ("reader", "judith@larkmoor-courier.example"),
    ]
    assert all(Member.objects.get(email=email).check_password(password) for _role, email, password in lines)
    assert said == (
        "The demonstration is here; its sign-ins were printed at the first start. New ones come with a new "
        "demonstration (python manage.py demo --reset), or for one member with python manage.py changepassword "
        "E-MAIL.\n"
    )
    assert workspace().is_demonstration


@pytest.mark.django_db
def test_if_empty_leaves_a_workspace_alone_in_which_somebody_works():
    Member.objects.create(email="ada@example.org", name="Ada", discipline=Discipline.DATA)

    assert demo("--if-empty") == "This workspace is in use, so the demonstration was left out.\n"
    assert (Member.objects.count(), Idea.objects.count(), workspace().is_demonstration) == (1, 0, False)


@pytest.mark.django_db
def test_a_second_demonstration_is_refused_without_reset():
    Workspace.objects.update(is_demonstration=True)
    Member.objects.create(email="ada@example.org", name="Ada", discipline=Discipline.DATA)

    assert refusal() == (
        "The demonstration workspace is here already. demo --reset removes everything in it, members included, and "
        "builds it anew.\n"
    )
    assert (Member.objects.count(), Experiment.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_reset_removes_everything_and_builds_anew():
    old = {sign_in.email: sign_in.password for sign_in in build()}
    visitor = Member.objects.create(email="guest@example.org", name="Guest", discipline=Discipline.DESIGN)
    mine = ideas.add(title="An idea of mine", problem="A problem", change="A change", actor=visitor)
    rows = stored_rows()

    printed = demo("--reset")

    assert "Larkmoor Courier is ready" in printed
    assert not Member.objects.filter(email=visitor.email).exists()
    assert not Idea.objects.filter(title=mine.title).exists()
    assert not any(Member.objects.get(email=email).check_password(password) for email, password in old.items())
    assert (Member.objects.count(), Experiment.objects.count(), Customer.objects.count()) == (12, 11, READERS)
    assert stored_rows() == rows  # of one demonstration, not of two


def stored_rows() -> dict[str, int]:
    return {
        name: sum(pq.ParquetFile(file.path).metadata.num_rows for file in store.snapshot(name))
        for name in ("events", "exposures")
    }


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [[], ["--reset"]], ids=["demo", "demo --reset"])
def test_a_workspace_with_ideas_of_its_own_is_refused_and_keeps_them(arguments: list[str]):
    ada = Member.objects.create(email="ada@example.org", name="Ada", discipline=Discipline.DATA)
    mine = ideas.add(title="An idea of mine", problem="A problem", change="A change", actor=ada)

    said = refusal(*arguments)

    assert said.startswith("This workspace holds members, pods, ideas, experiments or customers of its own")
    assert list(Idea.objects.all()) == [mine]
    assert list(Member.objects.all()) == [ada]
    assert not workspace().is_demonstration


@pytest.mark.django_db
def test_a_workspace_with_customers_of_its_own_is_refused_and_keeps_its_store():
    customers.ensure(["ada"])
    folder = live_settings.WAREHOUSE_DIR / "events"
    store.snapshot("events")

    assert refusal("--reset").startswith("This workspace holds")
    assert (Customer.objects.count(), folder.exists()) == (1, True)


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [[], ["--reset"]], ids=["demo", "demo --reset"])
def test_a_workspace_with_members_and_no_work_yet_is_refused_and_keeps_them(arguments: list[str]):
    ada = Member.objects.create(
        email="ada@example.org", name="Ada", role=Role.ADMINISTRATOR, discipline=Discipline.DATA
    )

    assert refusal(*arguments).startswith("This workspace holds members")
    assert list(Member.objects.all()) == [ada]
    assert not workspace().is_demonstration


@pytest.mark.django_db
def test_a_workspace_with_pods_alone_is_refused_and_keeps_them():
    pod = Pod.objects.create(name="Acquisition", slug="acquisition")

    assert refusal().startswith("This workspace holds members, pods")
    assert list(Pod.objects.all()) == [pod]


@pytest.mark.django_db
def test_removal_takes_the_uploaded_files_along_once_the_rows_are_gone(django_capture_on_commit_callbacks):
    member = MemberFactory()
    upload = results_uploads.receive(key="mails", file=ContentFile(b"who,arm\n", name="r.csv"), actor=member)

    with django_capture_on_commit_callbacks() as waiting:
        removal.remove_everything()
    assert upload.path.exists()  # a build that fails rolls back, and keeps rows and files
    for callback in waiting:
        callback()

    assert not upload.path.exists()


def _fail(**arguments: Any) -> None:
    raise ZeroDivisionError


@pytest.mark.django_db
def test_a_build_that_fails_leaves_nothing_and_the_next_one_works(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(analysis, "analyse", _fail)
        with pytest.raises(ZeroDivisionError):
            build()
    assert (Member.objects.count(), Idea.objects.count(), Customer.objects.count()) == (0, 0, 0)
    assert not workspace().is_demonstration
    broken = stored_rows()

    build()

    assert stored_rows() == broken
    assert Member.objects.count() == 12


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [["--customers", "499"], ["--customers", "many"], ["--seed", "-1"]])
def test_wrong_numbers_are_wrong_usage(arguments: list[str]):
    with pytest.raises(CommandError, match="is not a whole number"):
        call_command("demo", *arguments)
    assert not Member.objects.exists()
