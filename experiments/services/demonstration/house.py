"""The publisher's house: workspace, members, pods."""

import secrets
from dataclasses import dataclass

from engagement.accounts.models import Member
from engagement.accounts.queries import workspace
from engagement.accounts.services import people
from experiments.demonstration.people import CURRENCY, NAME, PEOPLE, PODS, TIME_ZONE, Person

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else when typed


@dataclass(frozen=True, slots=True)
class SignIn:
    """A demonstration member and the password that exists in the clear only here."""

    role: str
    email: str
    password: str


def furnish() -> tuple[dict[str, Member], list[SignIn]]:
    """Names the workspace and brings in its people: members by key, and the sign-ins of those who have one."""
    members: dict[str, Member] = {}
    sign_ins = []
    for person in PEOPLE:
        password = _password() if person.signs_in else None
        members[person.key] = _bring_in(person, password)
        if password:
            sign_ins.append(SignIn(person.role, person.email, password))
    administrator = next(member for member in members.values() if member.is_administrator)
    people.change_workspace(
        workspace=workspace(), actor=administrator, name=NAME, time_zone=TIME_ZONE, currency=CURRENCY,
        is_demonstration=True,
    )  # fmt: skip
    for pod in PODS:
        invited = [members[key] for key in pod.members]
        people.save_pod(pod=None, name=pod.name, outcome=pod.outcome, members=invited, actor=administrator)
    return members, sign_ins


def _bring_in(person: Person, password: str | None) -> Member:
    return people.add_member(
        email=person.email, name=person.name, role=person.role, discipline=person.discipline, password=password,
        is_demonstration=person.signs_in, actor=None,
    )  # fmt: skip


def _password() -> str:
    """Sixty bits in three groups, short enough to be typed from one window into another."""
    return "-".join("".join(secrets.choice(ALPHABET) for _letter in range(4)) for _group in range(3))
