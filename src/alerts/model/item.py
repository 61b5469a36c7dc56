"""One entry of a feed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed as observed. An edit is a new revision of the same item.

    Texts are plain text (markup already removed). `publisher` may be empty: the source's stands in.
    `origin` is the publisher that the entry itself names as the text's origin (RSS `<source>`).
    `withdrawn` marks a revision that takes the item back."""

    id: str
    title: str
    observed: datetime
    summary: str = ""
    content: str = ""
    url: str = ""
    source: str = ""
    publisher: str = ""
    published: datetime | None = None
    language: str = ""
    origin: str = ""
    author: str = ""
    withdrawn: bool = False

    @property
    def reported(self) -> datetime:
        """The time of the report: `published`, never later than `observed`, which stands in for it."""
        return self.observed if self.published is None else min(self.published, self.observed)

    def field(self, name: str) -> str:
        """The text of `title`, `summary` or `content`; mentions give their offsets into it."""
        return {"title": self.title, "summary": self.summary, "content": self.content}[name]
