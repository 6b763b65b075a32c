"""When two ideas say the same: by the words that tell them apart from others."""

import re
from difflib import SequenceMatcher

SHORTEST_WORD, MOST_WORDS = 4, 12
NEARLY_THE_SAME = 0.85  # of their letters in common, in order


def telling_words(text: str) -> list[str]:
    """The first dozen distinct words of four letters or more, in lower case; shorter ones join more than they tell."""
    words = (word.lower() for word in re.findall(r"\w+", text))
    return list(dict.fromkeys(word for word in words if len(word) >= SHORTEST_WORD))[:MOST_WORDS]


def is_nearly_the_same(title: str, other: str) -> bool:
    """Whether two titles differ by a few letters or the order of words at most.

    Source: Ratcliff & Metzener (1988), as difflib has it, on the sorted words.
    """
    first, second = (" ".join(sorted(re.findall(r"\w+", text.lower()))) for text in (title, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= NEARLY_THE_SAME
