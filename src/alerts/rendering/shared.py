"""What the messages of one event have in common, and what is personal: marks stand for that until a body is filled."""

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from alerts.rendering import escape
from alerts.rendering.view import MessageView

# Letters and digits, which no markup changes, and which no feed can guess.
_MARK: Final = f"mark{secrets.token_hex(8)}n"
MARKED: Final = re.compile(rf"{_MARK}\d+x")


def impersonal(view: MessageView, markup: Callable[[str], str]) -> tuple[MessageView, dict[str, str]]:
    """A view with marks for what only its reader gets, equal for all whose message is the same otherwise; and the text
    of each mark, in the markup."""
    marks: dict[str, str] = {}

    def mark(text: str) -> str:
        """None for an empty text, which templates ask about."""
        return marks.setdefault(text, f"{_MARK}{len(marks)}x") if text else ""

    def word(text: str) -> str:
        return mark(markup(escape.clean(text)))

    def link(url: str) -> str:
        """Only the last part is personal: a token of ours, which no markup changes."""
        head, slash, token = url.rpartition("/")
        return f"{head}{slash}{mark(token)}"

    entries, answers = [], {}
    for entry in view.entries:
        alert = mark(entry.alert.id)
        answers[alert] = link(view.answers.get(entry.alert.id, ""))
        rules = tuple(map(word, entry.alert.rules))
        entries.append(replace(entry, alert=replace(entry.alert, id=alert, subscriber="", channel="", rules=rules)))
    reader, channel, unsubscribe = word(view.subscriber), word(view.channel), link(view.unsubscribe or "")
    shared = replace(view, id="", subscriber=reader, channel=channel, entries=tuple(entries), answers=answers)
    return replace(shared, unsubscribe=unsubscribe), {each: text for text, each in marks.items()}
