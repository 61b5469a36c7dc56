"""What the messages of one event have in common, and what is personal: marks stand for that until a body is filled."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from alerts.rendering import escape
from alerts.rendering.view import MessageView

# Letters and digits, which no markup changes, and which no feed can guess.
_MARK: Final = f"mark{secrets.token_hex(8)}"
_MARKED: Final = re.compile(_MARK + r"([tw])(\d+)x")


@dataclass(frozen=True, slots=True)
class Marks:
    """What marks stand for: words, and tokens, the last parts of links of our own making, which no markup changes."""

    numbers: dict[str, int] = field(default_factory=dict)

    def word(self, text: str) -> str:
        """The mark of a text; none for an empty one, which templates ask about."""
        return self._mark("w", text) if text else ""

    def token(self, text: str) -> str:
        return self._mark("t", text)

    def link(self, url: str) -> str:
        head, slash, token = url.rpartition("/")
        return f"{head}{slash}{self.token(token)}" if token else url

    def _mark(self, kind: str, text: str) -> str:
        return f"{_MARK}{kind}{self.numbers.setdefault(text, len(self.numbers))}x"

    def filled(self, line: str, markup: Callable[[str], str]) -> str:
        """A line with what its marks stand for."""
        texts = list(self.numbers)

        def text(found: re.Match[str]) -> str:
            meant = texts[int(found[2])]
            return meant if found[1] == "t" else markup(escape.clean(meant))

        return _MARKED.sub(text, line)


def impersonal(view: MessageView) -> tuple[MessageView, Marks]:
    """A view with marks for what only its reader gets: equal for all whose message is the same otherwise."""
    marks = Marks()
    entries, answers = [], {}
    for entry in view.entries:
        alert = marks.token(entry.alert.id)
        answers[alert] = marks.link(view.answers.get(entry.alert.id, ""))
        rules = tuple(marks.word(rule) for rule in entry.alert.rules)
        entries.append(replace(entry, alert=replace(entry.alert, id=alert, subscriber="", channel="", rules=rules)))
    shared = replace(view, id="", subscriber=marks.word(view.subscriber), channel=marks.word(view.channel))
    unsubscribe = marks.link(view.unsubscribe or "")
    return replace(shared, entries=tuple(entries), answers=answers, unsubscribe=unsubscribe), marks
