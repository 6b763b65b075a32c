"""The language of messages: text, tokens, and one `if`. No loops, no look-ups, no calls: data in, words out.

    Good morning {{ first_name|fallback:"reader" }},
    {% if favourite_section %}more from {{ favourite_section }}{% else %}here is the week{% endif %}

A token names a trait, a property of the event at hand (`event.total`), `state` (the customer's) or `unsubscribe_url`.
Filters: fallback:"…", upper, lower, title, date (ISO dates; date:"D.M.YYYY"), number (number:2 has two decimals).
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import quote

from engagement.messaging import markup
from engagement.messaging.markup import Spot

LONGEST_TEMPLATE, MOST_TOKENS, DEEPEST, LONGEST_VALUE, LONGEST_HEADER = 100_000, 200, 4, 500, 500
LONGEST_TAG = 700
LARGEST_NUMBER = 1e15
BUILT_IN = frozenset({"unsubscribe_url"})
FILTERS = ("fallback", "upper", "lower", "title", "date", "number")
MAY_FAIL = frozenset({"date", "number"})
NAME = re.compile(r"(?:event\.)?[^\W\d_][\w-]{0,99}")
FILTER = re.compile(r"\s*\|\s*([a-z_]+)\s*(?::\s*(?:\"([^\"]*)\"|'([^']*)'|(\d)(?!\d)))?\s*")
OPENING = re.compile(r"\{\{|\{%")
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
LEADS_SOMEWHERE = re.compile(r"\s*(?:https?://[^/?#\s]+[/?#]|mailto:|tel:)", re.IGNORECASE)
DAY_PART = re.compile(r"YYYY|MM|DD|M|D")


class TemplateBroken(ValueError):
    """What is wrong with a template, in one sentence that begins with the place."""

    def __init__(self, sentence: str, text: str, at: int) -> None:
        self.line = text.count("\n", 0, at) + 1
        self.column = at - text.rfind("\n", 0, at)
        super().__init__(f"Line {self.line}, column {self.column}: {sentence}")


class Place(StrEnum):
    """Where the words are written: what would be more than words there is made harmless."""

    TEXT = "text"
    HEADER = "header"
    HTML = "html"
    LINK = "link"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Filter:
    name: str
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    name: str
    filters: tuple[Filter, ...] = ()
    line: int = 1
    spot: Spot = field(default=Spot("text"), compare=False)

    @property
    def fallback(self) -> str | None:
        return next((one.argument for one in self.filters if one.name == "fallback"), None)


@dataclass(frozen=True, slots=True)
class Fork:
    """`then` where the customer has the trait `name` (and it is not no, nought or empty), else `otherwise`."""

    name: str
    then: tuple["Part", ...]
    otherwise: tuple["Part", ...]
    line: int = 1


Part = str | Token | Fork


@dataclass(frozen=True, slots=True)
class Template:
    parts: tuple[Part, ...]
    place: Place

    def render(self, words: Mapping[str, Any]) -> str:
        """With what is known of one customer: a value per token name. Never raises."""
        said = "".join(_rendered(self.parts, words, self.place))
        if self.place == Place.HEADER:
            return BREAKS.sub(" ", said).strip()[:LONGEST_HEADER]
        return said.strip() if self.place == Place.LINK else said


@dataclass(frozen=True, slots=True)
class Use:
    """A token as a message uses it. `may_be_empty`: some customer would read nothing in its place."""

    name: str
    line: int
    may_be_empty: bool


@lru_cache(maxsize=256)  # a sending says the same few texts to everybody
def parse(text: str, place: Place = Place.TEXT) -> Template:
    """The template a text stands for; raises `TemplateBroken`."""
    if len(text) > LONGEST_TEMPLATE:
        raise TemplateBroken(f"a message has at most {LONGEST_TEMPLATE:,} characters.", text, LONGEST_TEMPLATE)
    for mark in (markup.TOKEN, markup.FORK):
        if mark in text:
            raise TemplateBroken("there is a character that nobody can see.", text, text.index(mark))
    return _Parser(text, place).template()


def render(text: str, words: Mapping[str, Any], place: Place = Place.TEXT) -> str:
    return parse(text, place).render(words)


def tokens_of(text: str, place: Place = Place.TEXT) -> list[Use]:
    """Every token in its order, those that an if asks about included."""
    return list(_uses(parse(text, place).parts, frozenset()))


def masked(text: str) -> str:
    """The text with one sign for each token and each part of an if, as `markup.read` takes it."""
    return _Parser(text, Place.TEXT).masked()


def _uses(parts: tuple[Part, ...], known: frozenset[str]) -> Iterator[Use]:
    for part in parts:
        if isinstance(part, Token):
            is_safe = part.name in known and not any(one.name in MAY_FAIL for one in part.filters)
            yield Use(part.name, part.line, part.fallback is None and not is_safe and part.name not in BUILT_IN)
        elif isinstance(part, Fork):
            yield Use(part.name, part.line, may_be_empty=False)
            yield from _uses(part.then, known | {part.name})
            yield from _uses(part.otherwise, known)


class _Parser:
    def __init__(self, text: str, place: Place) -> None:
        self.text, self.place, self.count = text, place, 0
        self.pieces = list(self._pieces())
        self.next = 0
        self.spots = self._spots() if place == Place.HTML else {}

    def template(self) -> Template:
        parts, end, at = self._block(0, ())
        if end:
            raise self._broken(f"there is {{% {end} %}} without an if before it.", at)
        return Template(parts, self.place)

    def _broken(self, sentence: str, at: int) -> TemplateBroken:
        return TemplateBroken(sentence, self.text, at)

    def _pieces(self) -> Iterator[tuple[str, str, int]]:
        """(kind, inside, offset): kind is text, token or tag."""
        at = 0
        while found := OPENING.search(self.text, at):
            start, is_token = found.start(), found[0] == "{{"
            closing = "}}" if is_token else "%}"
            end = self.text.find(closing, start + 2, start + LONGEST_TAG)
            if end < 0:
                raise self._broken(f"{found[0]} is never closed with {closing}.", start)
            if start > at:
                yield "text", self.text[at:start], at
            self.count += 1
            if self.count > MOST_TOKENS:
                raise self._broken(f"a message has at most {MOST_TOKENS} tokens.", start)
            yield "token" if is_token else "tag", self.text[start + 2 : end].strip(), start
            at = end + 2
        if at < len(self.text):
            yield "text", self.text[at:], at

    def _spots(self) -> dict[int, Spot]:
        """By offset, where in the markup each token and each part of an if stands."""
        places = (at for kind, _inside, at in self.pieces if kind != "text")
        return dict(zip(places, markup.read(self.masked()).spots, strict=True))

    def masked(self) -> str:
        marks = {"token": markup.TOKEN, "tag": markup.FORK}
        return "".join(marks.get(kind, inside) for kind, inside, _at in self.pieces)

    def _block(self, depth: int, ends: tuple[str, ...]) -> tuple[tuple[Part, ...], str, int]:
        """Parts up to one of `ends`, which of them it was ("" at the end of the text) and where."""
        parts: list[Part] = []
        while self.next < len(self.pieces):
            kind, inside, at = self.pieces[self.next]
            self.next += 1
            if kind == "text":
                parts.append(inside)
            elif kind == "token":
                parts.append(self._token(inside, at))
            elif inside in ("else", "endif"):
                if inside not in ends:
                    raise self._broken(f"there is {{% {inside} %}} without an if before it.", at)
                return tuple(parts), inside, at
            else:
                parts.append(self._fork(inside, at, depth + 1))
        return tuple(parts), "", len(self.text)

    def _fork(self, inside: str, at: int, depth: int) -> Fork:
        word, _, name = inside.partition(" ")
        name = name.strip()
        if word != "if":
            raise self._broken("between {% and %} there is only if, else and endif.", at)
        if depth > DEEPEST:
            raise self._broken(f"an if stands at most {DEEPEST} deep in others.", at)
        self._check_name(name, at)
        then, end, where = self._block(depth, ("else", "endif"))
        otherwise: tuple[Part, ...] = ()
        if end == "else":
            self._check_whole(at, where)
            otherwise, end, where = self._block(depth, ("endif",))
        if not end:
            raise self._broken("this if has no {% endif %}.", at)
        self._check_whole(at, where)
        return Fork(name, then, otherwise, self._line(at))

    def _check_whole(self, begins: int, ends: int) -> None:
        """Both ways through an if must leave the markup in the same place."""
        here, there = self.spots.get(begins, Spot("text")), self.spots.get(ends, Spot("text"))
        if here.place != there.place:
            raise self._broken("what this if shows must close every tag and quote that it opens.", begins)
        if here.state in ("tag", "code"):
            raise self._broken("an if can stand in text or between quotes, not inside a tag or a style.", begins)

    def _line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def _check_name(self, name: str, at: int) -> None:
        if not NAME.fullmatch(name):
            raise self._broken("a token is the name of a trait, event.NAME or state; nothing is looked up in it.", at)

    def _token(self, inside: str, at: int) -> Token:
        found = NAME.match(inside)
        rest = inside[found.end() :] if found else ""
        if not found or (rest and not rest.lstrip().startswith("|")):
            self._check_name(inside.partition("|")[0].strip(), at)
        spot = self.spots.get(at, Spot("text"))
        token = Token(found[0] if found else "", tuple(self._filters(rest, at)), self._line(at), spot)
        self._check_spot(token, at)
        return token

    def _filters(self, rest: str, at: int) -> Iterator[Filter]:
        while rest:
            found = FILTER.match(rest)
            if not found:
                raise self._broken('after | stands a filter, such as fallback:"reader".', at)
            name, argument = found[1], next((one for one in found.groups()[1:] if one is not None), None)
            self._check_filter(name, argument, is_digit=found[4] is not None, at=at)
            yield Filter(name, argument)
            rest = rest[found.end() :]

    def _check_filter(self, name: str, argument: str | None, *, is_digit: bool, at: int) -> None:
        if name not in FILTERS:
            raise self._broken(f"there is no filter “{name}”: use {', '.join(FILTERS)}.", at)
        if name == "fallback" and (argument is None or is_digit):
            raise self._broken('a fallback is written fallback:"reader".', at)
        if name == "number" and argument is not None and not is_digit:
            raise self._broken("number takes how many decimals it shows, such as number:2.", at)
        if name in ("upper", "lower", "title") and argument is not None:
            raise self._broken(f"{name} takes nothing behind it.", at)
        if name == "date" and is_digit:
            raise self._broken('date takes a pattern in quotes, such as date:"D.M.YYYY".', at)

    def _check_spot(self, token: Token, at: int) -> None:
        spot = token.spot
        if spot.state == "code":
            raise self._broken("a token cannot stand inside script or style.", at)
        if spot.state == "tag":
            raise self._broken("this token stands in the middle of a tag: put it between quotes.", at)
        if spot.state == "value" and (spot.attribute in markup.CODE_ATTRIBUTES or spot.attribute.startswith("on")):
            raise self._broken(f"a token cannot stand in the attribute {spot.attribute}.", at)
        before = self.text[:at] if self.place == Place.LINK else spot.before
        is_link = spot.is_link or self.place == Place.LINK
        if is_link and token.name not in BUILT_IN and not LEADS_SOMEWHERE.match(before):
            raise self._broken("in a link a token stands behind the host: https://example.org/…", at)


def _rendered(parts: tuple[Part, ...], words: Mapping[str, Any], place: Place) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Token):
            yield _written(_value(part, words), part, place)
        else:
            yield from _rendered(part.then if _holds(words.get(part.name)) else part.otherwise, words, place)


def _holds(value: Any) -> bool:
    said = _as_text(value)
    return bool(said and said.strip()) and value not in (False, 0)


def _value(token: Token, words: Mapping[str, Any]) -> str:
    value = _as_text(words.get(token.name))
    value = value if value and value.strip() else None
    for one in token.filters:
        if value is not None and one.name != "fallback":
            value = APPLIED[one.name](value, one.argument)
        elif value is None and one.name == "fallback":
            value = one.argument
    said = value if value is not None else token.fallback or ""
    return UNSEEN.sub("", said)[:LONGEST_VALUE]


def _written(said: str, token: Token, place: Place) -> str:
    """The words as they may stand there; an address of ours is whole already."""
    if place == Place.JSON:
        return json.dumps(said)[1:-1]
    if place == Place.LINK or token.spot.is_link:
        said = said if token.name in BUILT_IN else quote(said, safe="")
    return escape(said) if place == Place.HTML else said


def _as_text(value: Any) -> str | None:
    """As one would write it; None for what is no word, no number and no yes or no."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and -LARGEST_NUMBER < value < LARGEST_NUMBER:
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return value.isoformat() if isinstance(value, date) else None


def _title(value: str, _argument: str | None) -> str:
    return re.sub(r"\S+", lambda word: word[0][:1].upper() + word[0][1:], value)


def _date(value: str, argument: str | None) -> str | None:
    try:
        day = date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None
    parts = {"YYYY": f"{day.year:04}", "MM": f"{day.month:02}", "DD": f"{day.day:02}"}
    parts |= {"M": f"{day.month}", "D": f"{day.day}"}
    return DAY_PART.sub(lambda part: parts[part[0]], argument or "YYYY-MM-DD")


def _number(value: str, argument: str | None) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return None
    if not math.isfinite(number) or abs(number) >= LARGEST_NUMBER:
        return None
    if argument is not None:
        return f"{number:,.{int(argument)}f}"
    written = f"{number:,.6f}"
    return written.rstrip("0").rstrip(".")


APPLIED: Mapping[str, Callable[[str, str | None], str | None]] = {
    "upper": lambda value, _: value.upper(),
    "lower": lambda value, _: value.lower(),
    "title": _title,
    "date": _date,
    "number": _number,
}
