"""Counts with their noun in the right number."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 source`, `2 sources`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def counted_of(count: int, plural: str) -> str:
    """The same from the plural: `1 story`, `2 stories`, `1 poll`."""
    singular = plural[:-3] + "y" if plural.endswith("ies") else plural.removesuffix("s")
    return counted(count, singular, plural)
