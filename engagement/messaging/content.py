"""What a message consists of on each channel, and what is wrong with one. Contents are {channel: {field: text}}."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.messaging import markup, tokens
from engagement.messaging.choices import Channel
from engagement.messaging.tokens import BUILT_IN, Place, TemplateBroken

Contents = Mapping[str, Mapping[str, str]]
KNOWN = BUILT_IN | {"state", "email", "locale", "time_zone"}
LONGEST = 100_000
SCHEME = re.compile(r"\s*(?:https?://\S|mailto:\S|tel:\S|#|\x00$)", re.IGNORECASE)
PICTURE = re.compile(r"\s*(?:https?://\S|cid:\S|data:image/)", re.IGNORECASE)
LEADING = {"href": SCHEME, "action": SCHEME, "formaction": SCHEME, "src": PICTURE, "background": PICTURE}
BARE = re.compile(r"(?<![\w/@.:-])www\.[\w.-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Field:
    """One text of a message. `good`: as much of it as is surely read; `most`: what the channel takes."""

    name: str
    label: str | Promise
    place: Place
    good: int
    most: int
    lever: str = "content"

    @property
    def is_long(self) -> bool:
        return self.place in (Place.HTML, Place.JSON) or self.most > 300


class Fault(StrEnum):
    TOKEN = "token"  # noqa: S105  not a secret
    LINK = "link"
    UNSUBSCRIBE = "unsubscribe"
    FIT = "fit"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, in one sentence; `token`, where one has no fallback, is its name."""

    fault: Fault
    field: str
    sentence: str
    token: str = ""


FIELDS: Mapping[str, tuple[Field, ...]] = {
    Channel.EMAIL: (
        Field("subject", gettext_lazy("Subject"), Place.HEADER, 50, 200),
        Field("preheader", gettext_lazy("Preview line"), Place.HEADER, 90, 200),
        Field("html", gettext_lazy("HTML"), Place.HTML, 60_000, LONGEST),
        Field("text", gettext_lazy("Text"), Place.TEXT, 60_000, LONGEST),
    ),
    Channel.PUSH: (
        Field("title", gettext_lazy("Title"), Place.HEADER, 40, 100),
        Field("body", gettext_lazy("Text"), Place.TEXT, 120, 400),
        Field("url", gettext_lazy("Leads to"), Place.LINK, 200, 300, "destination"),
    ),
    Channel.IN_APP: (
        Field("title", gettext_lazy("Title"), Place.HEADER, 60, 120),
        Field("body", gettext_lazy("Text"), Place.TEXT, 240, 2_000),
        Field("button", gettext_lazy("Button"), Place.HEADER, 25, 40),
        Field("url", gettext_lazy("Leads to"), Place.LINK, 200, 300, "destination"),
    ),
    Channel.WEBHOOK: (Field("payload", gettext_lazy("Payload, as JSON"), Place.JSON, 10_000, 20_000),),
}
# What a message may not lack there: one of each.
NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    Channel.EMAIL: (("subject",), ("html", "text")),
    Channel.PUSH: (("title",), ("body",)),
    Channel.IN_APP: (("title", "body"),),
    Channel.WEBHOOK: (("payload",),),
}


def clean(contents: Contents) -> dict[str, dict[str, str]]:
    """In the order of channels and fields, without what is empty; whatever no channel has is left out."""
    found = {}
    for channel, fields in FIELDS.items():
        said = contents.get(channel, {})
        texts = {one.name: said[one.name].replace("\r\n", "\n") for one in fields if said.get(one.name, "").strip()}
        if texts:
            found[str(channel)] = texts
    return found


def plain(channel: str, *, subject: str = "", body: str = "") -> dict[str, dict[str, str]]:
    """The contents of a message that was written as a subject or title and one text."""
    words = {"title": subject, "body": body}
    if channel == Channel.EMAIL:
        words = {"subject": subject, "html" if looks_like_html(body) else "text": body}
    return clean({channel: {"payload": body} if channel == Channel.WEBHOOK else words})


def looks_like_html(text: str) -> bool:
    return re.search(r"</?[a-zA-Z][^<>]*>", text) is not None


def spoken(said: Mapping[str, str], channel: str, words: Mapping[str, Any]) -> dict[str, str]:
    """What one customer reads, field by field; `words` is a value per token. Raises `TemplateBroken`."""
    return {one.name: tokens.render(said[one.name], words, one.place) for one in FIELDS[channel] if said.get(one.name)}


def uses(contents: Contents) -> list[str]:
    """The tokens of a message, each once, as far as it can be read."""
    found: dict[str, None] = {}
    for channel, said in contents.items():
        for one in FIELDS[channel]:
            try:
                names = [use.name for use in tokens.tokens_of(said.get(one.name, ""), one.place)]
            except TemplateBroken:
                continue
            found |= dict.fromkeys(names)
    return list(found)


def problems(said: Mapping[str, str], channel: str, *, traits: Collection[str] | None = None) -> list[Problem]:
    """All that is wrong with a message on one channel, in the order of its fields.

    traits: those that some customer has, to know an unknown token by; None asks nothing about that.
    """
    found = [problem for one in FIELDS[channel] for problem in _of_field(one, said.get(one.name, ""), traits)]
    found += [
        Problem(Fault.FIT, names[0], _("There is no text here yet."))
        for names in NEEDED[channel] if not any(said.get(name, "").strip() for name in names)
    ]  # fmt: skip
    if channel == Channel.EMAIL:
        found += _without_unsubscribe(said)
    return found


def _of_field(one: Field, text: str, traits: Collection[str] | None) -> Iterator[Problem]:
    if not text:
        return
    if len(text) > one.most:
        words = {"length": f"{len(text):,}", "most": f"{one.most:,}"}
        yield Problem(Fault.FIT, one.name, _("%(length)s characters; the channel takes %(most)s.") % words)
    try:
        template = tokens.parse(text, one.place)
    except TemplateBroken as error:
        yield Problem(Fault.TOKEN, one.name, str(error))
        return
    yield from _of_tokens(one, text, traits)
    if one.place == Place.JSON:
        yield from _of_payload(one, text, template)
    yield from _of_links(one, text)


def _of_tokens(one: Field, text: str, traits: Collection[str] | None) -> Iterator[Problem]:
    for use in tokens.tokens_of(text, one.place):
        words = {"line": use.line, "token": use.name}
        if use.may_be_empty:
            yield Problem(Fault.TOKEN, one.name, _("Line %(line)d: %(token)s has no fallback.") % words, use.name)
        is_event = use.name.startswith("event.")
        if traits is not None and not is_event and use.name not in KNOWN and use.name not in traits:
            yield Problem(Fault.FIT, one.name, _("Line %(line)d: no customer has the trait %(token)s.") % words)


def _of_payload(one: Field, text: str, template: tokens.Template) -> Iterator[Problem]:
    """Whatever a customer is called it must stay JSON: a word in place of every token shows it, and none."""
    for words in (dict.fromkeys((use.name for use in tokens.tokens_of(text)), "x"), {}):
        try:
            json.loads(template.render(words))
        except ValueError:
            yield Problem(Fault.TOKEN, one.name, _("This is no JSON. A token stands between quotes."))
            return


def _of_links(one: Field, text: str) -> Iterator[Problem]:
    masked = tokens.masked(text)
    if one.place == Place.LINK and not SCHEME.match(masked):
        yield _no_link(one, masked, 1)
    elif one.place == Place.TEXT:
        for found in BARE.finditer(masked):
            yield _no_link(one, found[0], _line(masked, found.start()))
    elif one.place == Place.HTML:
        yield from _of_markup(one, masked)


def _of_markup(one: Field, masked: str) -> Iterator[Problem]:
    read = markup.read(masked)
    for attribute in read.attributes:
        line = _line(masked, attribute.at)
        if attribute.name.startswith("on"):
            words = {"line": line, "name": attribute.name}
            yield Problem(Fault.FIT, one.name, _("Line %(line)d: %(name)s does nothing in a message.") % words)
        elif attribute.name in LEADING and not LEADING[attribute.name].match(attribute.value):
            yield _no_link(one, attribute.value, line)
    for element, at in read.elements:
        words = {"line": _line(masked, at), "name": element}
        yield Problem(Fault.FIT, one.name, _("Line %(line)d: <%(name)s> has no place in a message.") % words)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _no_link(one: Field, link: str, line: int) -> Problem:
    words = {"line": line, "link": link.replace(markup.TOKEN, "…").strip()[:80]}
    return Problem(
        Fault.LINK, one.name, _("Line %(line)d: “%(link)s” is no whole address: begin it with https://.") % words
    )


def _without_unsubscribe(said: Mapping[str, str]) -> Iterator[Problem]:
    for one in FIELDS[Channel.EMAIL]:
        text = said.get(one.name, "")
        if one.name in ("html", "text") and text.strip() and "unsubscribe_url" not in uses({"email": {one.name: text}}):
            sentence = _("There is no link to unsubscribe: {{ unsubscribe_url }}.")
            yield Problem(Fault.UNSUBSCRIBE, one.name, sentence)
