"""Personal data for those who may not read them: enough to tell rows apart, not enough to know who it is."""

PERSONAL_WORDS = ("name", "mail", "phone", "mobile", "address", "street", "birth", "iban", "ip")


def masked(text: str) -> str:
    """The first letter and dots; of an address its domain's ending too. Empty stays empty."""
    if not text:
        return ""
    name, at, domain = text.partition("@")
    dotted = f"{name[:1]}•••"
    return f"{dotted}@•••.{domain.rpartition('.')[2]}" if at and domain else dotted


def is_personal(trait: str) -> bool:
    """Whether a trait's name says that it may tell who somebody is."""
    words = trait.casefold().replace("-", "_").split("_")
    return any(word in part if len(word) > 2 else word == part for part in words for word in PERSONAL_WORDS)
