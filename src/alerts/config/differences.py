"""What differs between two configurations, line by line, without addresses: they may be secrets.

Of an address its scheme is shown, and of a web address the host. A number stands for the rest, the same for equal ones,
so that a changed address shows as a change."""

import re
from collections.abc import Iterator
from difflib import unified_diff
from typing import Final

from alerts.config.files import Contents

# Quoted text, which may hold an address that its escapes disguise, or an address.
_ADDRESS: Final = r"[A-Za-z][\w+.-]*://(?:\$\{[^{}]*\}|[^\s'\",{}\[\]])+"
_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|' + _ADDRESS, re.DOTALL)


def differences(before: Contents, after: Contents) -> Iterator[tuple[str, list[str]]]:
    """The files that differ, each with the lines of its unified diff."""
    old, new = dict(before), dict(after)
    numbers: dict[str, int] = {}

    def hidden(match: re.Match[str]) -> str:
        text = match[0]
        if text[0] == '"' and "\\" not in text:
            return _TEXT.sub(hidden, text[1:-1]).join('""')
        scheme, _, rest = text.partition("://")
        host = re.split("[/?#]", rest, maxsplit=1)[0]
        number = f"***{numbers.setdefault(text, len(numbers) + 1)}"
        if text[0] == '"':
            return f'"{number}"'
        if scheme not in {"http", "https"}:
            return f"{scheme}://{number}"
        return text if rest == host and "@" not in host else f"{scheme}://{host.rpartition('@')[2]}/{number}"

    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            texts = (each.get(name, b"").decode("utf-8-sig") for each in (old, new))
            left, right = (_TEXT.sub(hidden, text).splitlines() for text in texts)
            yield name, list(unified_diff(left, right, lineterm=""))[2:]
