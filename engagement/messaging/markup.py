"""Where in HTML a token stands, and what of the HTML has no place in a message.

One pass over the text as browsers read it (WHATWG HTML, §13.2.5), as far as it decides whether escaped words stay so.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

TOKEN, FORK = "\x00", "\x01"  # stand for a token and for a part of an if
LINK_ATTRIBUTES = frozenset({"href", "src", "action", "formaction", "background", "poster", "cite", "data", "srcset"})
CODE_ATTRIBUTES = frozenset({"style", "srcdoc"})
CODE_ELEMENTS = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"})
TEXT_ELEMENTS = frozenset({"title", "textarea"})
LIVE_ELEMENTS = frozenset({"script", "iframe", "object", "embed", "form", "base", "link", "meta", "frame", "frameset"})
BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "footer", "h1", "h2",
     "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot",
     "th", "thead", "tr", "ul")
)  # fmt: skip
SPACE = " \t\n\r\f"
TEXT_ENDS = re.compile(f"[<{TOKEN}{FORK}]")
VALUE_ENDS = {quote: re.compile(f"[{quote}{TOKEN}{FORK}]") for quote in "\"'"}
COMMENT_ENDS = re.compile(f"[>{TOKEN}{FORK}]")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a token or a part of an if stands: `state` is text, value, code, comment or tag.

    attribute, before: of a value, what it belongs to and what stands before the token in it.
    """

    state: str
    element: str = ""
    attribute: str = ""
    quote: str = ""
    before: str = ""

    @property
    def place(self) -> tuple[str, str, str, str]:
        return self.state, self.element, self.attribute, self.quote

    @property
    def is_link(self) -> bool:
        return self.state == "value" and self.attribute in LINK_ATTRIBUTES


@dataclass(frozen=True, slots=True)
class Attribute:
    """One that leads somewhere or runs; tokens in its value are `TOKEN`."""

    name: str
    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Markup:
    spots: list[Spot]
    attributes: list[Attribute]
    elements: list[tuple[str, int]]
    words: str


def read(text: str) -> Markup:
    """The spots of all tokens and forks in their order, attributes that lead or run, elements that are alive.

    words: what is there to be read, with a break where a block begins or ends.
    """
    reader = _Reader(text)
    while reader.at < len(text):
        reader.states[reader.state]()
        reader.at += 1
    return Markup(reader.spots, reader.attributes, reader.elements, "".join(reader.words))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.state = text, 0, "text"
        self.element = self.attribute = self.quote = ""
        self.is_closing = False
        self.began = self.comment_from = 0
        self.spots: list[Spot] = []
        self.attributes: list[Attribute] = []
        self.elements: list[tuple[str, int]] = []
        self.words: list[str] = []
        self.states: dict[str, Callable[[], None]] = {
            "text": self._text, "opened": self._opened, "name": self._name, "tag": self._tag,
            "attribute": self._attribute, "after": self._after, "equals": self._equals, "value": self._value,
            "bare": self._bare, "declaration": self._declaration, "comment": self._comment, "code": self._code,
        }  # fmt: skip

    @property
    def char(self) -> str:
        return self.text[self.at]

    def _met(self, state: str = "tag") -> bool:
        """Notes a token or fork here; whether there was one."""
        if self.char not in (TOKEN, FORK):
            return False
        if state == "value":
            before = self.text[self.began : self.at]
            self.spots.append(Spot(state, self.element, self.attribute, self.quote, before))
        else:
            self.spots.append(Spot(state, self.element if state == "code" else ""))
        return True

    def _leap(self, signs: re.Pattern[str]) -> str:
        """Over what is none of the signs, to the first that is one, or to the end; what was leapt over."""
        found, begins = signs.search(self.text, self.at), self.at
        self.at = found.start() if found else len(self.text)
        return self.text[begins : self.at]

    def _text(self) -> None:
        self.words.append(self._leap(TEXT_ENDS).replace("\n", " "))
        if self.at == len(self.text):
            return
        if self.char == "<":
            self.state, self.is_closing = "opened", False
        else:
            self._met("text")
            self.words.append(self.char)

    def _opened(self) -> None:
        if self._met():
            return
        if self.char.isascii() and self.char.isalpha():
            self.state, self.element = "name", self.char.lower()
        elif self.char == "/" and not self.is_closing:
            self.is_closing = True
        elif self.char in "!?":
            is_comment = self.text.startswith("!--", self.at)
            self.state = "comment" if is_comment else "declaration"
            self.at += 2 if is_comment else 0
            self.comment_from = self.at + 1
        elif self.is_closing and self.char != ">":
            self.state = "declaration"
        elif self.char != "<":
            self.state = "text"
            self.words.append("<" + self.char)

    def _name(self) -> None:
        if self._met():
            return
        if self.char == ">":
            self._close()
        elif self.char in SPACE or self.char == "/":
            self.state = "tag"
        else:
            self.element += self.char.lower()

    def _tag(self) -> None:
        if self._met() or self.char in SPACE or self.char == "/":
            return
        if self.char == ">":
            self._close()
        else:
            self.state, self.attribute, self.began = "attribute", self.char.lower(), self.at

    def _attribute(self) -> None:
        if self._met():
            return
        if self.char == "=":
            self.state = "equals"
        elif self.char in SPACE:
            self.state = "after"
        elif self.char in ">/":
            self._leave()
        else:
            self.attribute += self.char.lower()

    def _after(self) -> None:
        if self.char == "=":
            self.state = "equals"
        elif self.char not in SPACE:
            self._leave()

    def _equals(self) -> None:
        if self._met() or self.char in SPACE:
            return
        if self.char == ">":
            self._close()
        elif self.char in "\"'":
            self.state, self.quote, self.began = "value", self.char, self.at + 1
        else:
            self.state, self.quote, self.began = "bare", "", self.at

    def _value(self) -> None:
        self._leap(VALUE_ENDS[self.quote])
        if self.at < len(self.text) and not self._met("value") and self.char == self.quote:
            self._keep(self.text[self.began : self.at])
            self.state = "tag"

    def _bare(self) -> None:
        if self._met():
            return
        if self.char in SPACE or self.char == ">":
            self._keep(self.text[self.began : self.at])
            self._leave()

    def _leave(self) -> None:
        """This character belongs to the tag again, not to the attribute."""
        self.state = "tag"
        self._tag()

    def _keep(self, value: str) -> None:
        name = self.attribute
        if name in LINK_ATTRIBUTES or name in CODE_ATTRIBUTES or name.startswith("on"):
            self.attributes.append(Attribute(name, value, self.began))

    def _close(self) -> None:
        if not self.is_closing and self.element in LIVE_ELEMENTS:
            self.elements.append((self.element, self.at))
        if self.element in BLOCKS:
            self.words.append("\n")
        self.state = "text"
        if not self.is_closing and self.element in CODE_ELEMENTS | TEXT_ELEMENTS:
            self.state = "code"

    def _declaration(self) -> None:
        self._leap(COMMENT_ENDS)
        if self.at < len(self.text) and not self._met("comment") and self.char == ">":
            self.state = "text"

    def _comment(self) -> None:
        self._leap(COMMENT_ENDS)
        if self.at == len(self.text) or self._met("comment"):
            return
        end = self.text[max(self.comment_from, self.at - 3) : self.at]
        is_empty = self.at - self.comment_from < 2 and end in ("", "-")
        if is_empty or end.endswith("--") or end == "--!":
            self.state = "text"

    def _code(self) -> None:
        """Inside an element whose text is no markup: until its own closing tag."""
        self._leap(TEXT_ENDS)
        if self.at == len(self.text) or self._met("text" if self.element in TEXT_ELEMENTS else "code"):
            return
        end = f"</{self.element}"
        behind = self.at + len(end)
        if self.text[self.at : behind].lower() == end and self.text[behind : behind + 1] in (*SPACE, "/", ">"):
            self.at = behind - 1
            self.state, self.is_closing = "name", True
