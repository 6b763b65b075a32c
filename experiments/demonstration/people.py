"""Who works at the Larkmoor Courier."""

from dataclasses import dataclass

NAME = "Larkmoor Courier"
TIME_ZONE = "Europe/Dublin"
CURRENCY = "EUR"
DOMAIN = "larkmoor-courier.example"  # reserved by RFC 2606: no letter to it ever arrives anywhere


@dataclass(frozen=True, slots=True)
class Person:
    """A member; only those who `sign_in` get a password."""

    key: str
    name: str
    discipline: str
    role: str = "member"
    signs_in: bool = False

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class PodText:
    """A pod, what it is there to move, and the keys of its members."""

    key: str
    name: str
    outcome: str
    members: tuple[str, ...]


PEOPLE = (
    Person("orla", "Orla Brennan", "product", role="administrator", signs_in=True),
    Person("mina", "Mina Okafor", "marketing", signs_in=True),
    Person("judith", "Judith Lang", "editorial", role="reader", signs_in=True),
    Person("aoife", "Aoife Lynch", "editorial"),
    Person("benedikt", "Benedikt Sauer", "engineering"),
    Person("elin", "Elin Dahl", "product"),
    Person("kofi", "Kofi Mensah", "engineering"),
    Person("lucie", "Lucie Moreau", "design"),
    Person("priya", "Priya Nair", "design"),
    Person("ruth", "Ruth Abara", "data"),
    Person("samir", "Samir Haddad", "marketing"),
    Person("tomas", "Tomás Reyes", "data"),
)

PODS = (
    PodText(
        "welcome",
        "Welcome",
        "New readers who still read us in their second week",
        ("elin", "samir", "lucie", "ruth", "aoife"),
    ),
    PodText(
        "supporters",
        "Supporters",
        "Free readers who become supporters, and supporters who stay",
        ("mina", "orla", "priya", "tomas", "benedikt", "aoife"),
    ),
    PodText(
        "daily-habit",
        "Daily habit",
        "Readers for whom the day is not complete without us, and no letter too many",
        ("kofi", "samir", "lucie", "ruth", "aoife"),
    ),
)
