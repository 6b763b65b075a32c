"""What a text is found by: its words, folded so that both databases hold and compare the same ones."""

import re
import unicodedata

# Scripts without spaces between words: each sign is found by itself.
SIGNS = "぀-ヿ㐀-鿿豈-﫿"
WORD = re.compile(rf"[{SIGNS}]|(?:(?![{SIGNS}])[^\W_])+")
MOST_WORDS = 20


def folded(text: str) -> str:
    """A text's words in their order, a space between, without case and accents: “Für Käufer” is “fur kaufer”."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(WORD.findall(kept))


def asked_words(text: str) -> list[str]:
    """What somebody looks for, each word once; the first twenty."""
    return list(dict.fromkeys(folded(text).split()))[:MOST_WORDS]
