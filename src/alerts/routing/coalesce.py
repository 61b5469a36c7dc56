"""What is still worth sending of alerts that waited together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alerts.model.level import Level
from alerts.routing.alerts import Standing
from alerts.routing.state import Pending, Purpose, WatchKey


@dataclass(frozen=True, slots=True)
class Coalesced:
    alerts: tuple[Pending, ...]
    superseded: tuple[Pending, ...]
    standing: tuple[Standing, ...]


def coalesce(entries: Sequence[Pending], level_now: Callable[[WatchKey], Level]) -> Coalesced:
    """Of each watched axis the last alert that agrees with the net move; the others are superseded.

    The net move goes from the level before the first alert to the level now, which may have changed without an
    alert. Where it is none, the alerts came and went. Of several alerts of one story the last stays; a story stays
    whatever the levels did, and so does what is not about a level."""
    first: dict[WatchKey, Level] = {}
    kept: dict[WatchKey, tuple[Pending, Level]] = {}
    last_of_story = {(entry.institution, entry.story): entry for entry in entries if entry.story and entry.is_news}
    alerts = [each for each in entries if each.purpose is Purpose.ALERT]
    for entry in alerts:
        for key, move in entry.by_key.items():
            origin = first.setdefault(key, move.from_)
            now = level_now(key)
            if now != origin and (now > origin) == (move.to > move.from_):
                kept[key] = entry, move.to
    standing_by = {id(entry) for entry, _ in kept.values()}

    def stays(entry: Pending) -> bool:
        repeated = entry.story and last_of_story.get((entry.institution, entry.story)) is not entry
        return id(entry) in standing_by or (entry.is_news and not repeated)

    levels = {key: level for key, (_, level) in kept.items()}
    staying = [move for each in alerts if stays(each) for move in each.by_key.items()]
    levels |= {key: move.to for key, move in staying if key not in levels}
    reminded = [move for each in entries if each.purpose is Purpose.REMINDER for move in each.by_key.items()]
    levels |= {key: move.from_ for key, move in reminded}
    standing = tuple(
        Standing(key.institution, key.axis, level_now(key))
        for key, level in levels.items()
        if level_now(key) is not level
    )
    return Coalesced(
        tuple(each for each in alerts if stays(each)), tuple(each for each in alerts if not stays(each)), standing
    )


def clusters(entries: Sequence[Pending]) -> list[list[Pending]]:
    """Entries that belong into one message: about one institution, or from one item, directly or through others.

    In the order of their first entries."""
    found: list[tuple[set[tuple[str, str]], list[int]]] = []
    for place, entry in enumerate(entries):
        marks = {("institution", entry.institution)} | ({("item", entry.item)} if entry.item else set())
        members = [place]
        for each in [each for each in found if not each[0].isdisjoint(marks)]:
            found.remove(each)
            marks |= each[0]
            members += each[1]
        found.append((marks, sorted(members)))
    return [[entries[place] for place in members] for _, members in sorted(found, key=lambda each: each[1])]
