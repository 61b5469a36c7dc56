"""Items as JSON Lines: the input of `match`, `cluster` and `replay`."""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import UnionType
from typing import Any

from alerts.model.errors import InputError
from alerts.model.item import Item
from alerts.model.times import EPOCH, parse_time

# Elsewhere a time is a slip, and the calendar may end before what follows from it: a window, a fall.
_YEARS = range(1000, 3000)
_TEXTS = ("title", "summary", "content", "url", "source", "publisher", "language", "origin", "author")


def parse_item(record: Any, where: str) -> Item:
    """An item from its JSON object; unknown keys are ignored.

    A missing `id` is the link, else the normalised title with the publisher; a missing `observed` is
    `published`, else the Unix epoch. Raises InputError, which names `where`, for anything of a wrong type."""
    if not isinstance(record, dict):
        raise InputError(where, f"an item is a JSON object, not {_shown(record)}")
    texts = {key: _text(record, key, where) for key in _TEXTS}
    published = _time(record, "published", where)
    identity = _text(record, "id", where, str | int) or texts["url"]
    identity = identity or _normal_title(texts["title"], texts["publisher"])
    if not identity:
        raise InputError(where, "an item needs an id, a url or a title")
    withdrawn = record.get("withdrawn")
    if not isinstance(withdrawn, bool | None):
        raise InputError(where, f"withdrawn must be true or false, not {_shown(withdrawn)}")
    return Item(
        id=identity,
        observed=_time(record, "observed", where) or published or EPOCH,
        published=published,
        withdrawn=bool(withdrawn),
        **texts,
    )


def read_items(stream: Iterable[str | bytes], name: str) -> Iterator[Item | InputError]:
    """The items of a stream of JSON lines, in order; a line that is none gives an InputError in its place.

    `name` is what errors call the stream. Blank lines are skipped. Bytes are UTF-8."""
    for number, line in enumerate(stream, start=1):
        where = f"{name}:{number}"
        try:
            text = line if isinstance(line, str) else line.decode("utf-8-sig" if number == 1 else "utf-8")
            if not text.strip():
                continue
            record = json.loads(text.removeprefix("\ufeff") if number == 1 else text)
            yield parse_item(record, where)
        except InputError as error:
            yield error
        except UnicodeDecodeError as error:
            yield InputError(where, f"not UTF-8: byte {error.start + 1} of the line")
        except RecursionError:
            yield InputError(where, "not usable JSON: nested too deeply")
        except json.JSONDecodeError as error:
            yield InputError(where, f"not JSON: {error}; write one JSON object a line")
        except ValueError:  # Python's guard against numbers whose conversion takes for ever
            yield InputError(where, "not usable JSON: a number has too many digits")


def _text(record: Mapping[str, Any], key: str, where: str, kinds: type | UnionType = str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise InputError(where, f"{key} must be a text, not {_shown(value)}")
    return str(value)


def _time(record: Mapping[str, Any], key: str, where: str) -> datetime | None:
    value = record.get(key)
    if value is None or value == "":
        return None
    try:
        at = parse_time(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        at = None
    if at is None:
        raise InputError(where, f"{key} must be an RFC 3339 time such as 2026-02-24T08:00:00Z, not {_shown(value)}")
    if at.year not in _YEARS:
        first, last = _YEARS[0], _YEARS[-1]
        raise InputError(where, f"{key} must lie in the years {first} to {last}, not {_shown(value)}")
    return at


def _normal_title(title: str, publisher: str) -> str:
    words = unicodedata.normalize("NFKC", title).casefold().split()
    return f"{' '.join(words)}|{publisher.strip().casefold()}" if words else ""


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 40 else text[:37] + "..."
