"""A value that must not be shown."""


class Secret:
    """A secret text, for example a channel URL with its token.

    Printing, formatting or logging it shows `***`; only `reveal()` gives the text, and only the code that
    hands it to a library calls that."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)
