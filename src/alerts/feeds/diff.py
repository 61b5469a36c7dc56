"""Compares a feed with the items that are stored: new items, revisions, withdrawals, or a quarantine. Pure.

    wanted   = diff.wanted(source, parsed)              # what to look up in the store
    decision = diff.decide(source, parsed, known, state, now)

The ids in feeds are not reliable: they are regenerated at every build, reused for other articles, or used twice in
one feed; entries disappear and return; whole feeds change at once. These rules keep one article one item:

- The same id is the same item, unless title and link are both different: then the feed reuses its ids, and the entry
  is a new item. (With the same date and a similar title it is an edit that changed the address.)
- An unknown id with a known link is the same item, where the link names one article and the title or the date
  agree. So is one with a known title and the same date, or with the same text.
- An item that leaves the feed is not withdrawn; one that comes back is not new.
- When most entries of a known feed are new at once, undated or dated before the last poll, none is accepted for half a
  day (quarantine)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from alerts.feeds import identity
from alerts.feeds.feed import Entry, ParsedFeed
from alerts.feeds.state import FeedState
from alerts.model.fields import grouped
from alerts.model.item import Item
from alerts.model.source import Source

# What a feed holds at its first poll is news where it is younger than this, and background where not.
BACKFILL = timedelta(hours=48)
HELD_AT_LEAST = 5  # entries: fewer that turn new at once are an ordinary poll
HELD_FOR = timedelta(hours=12)
HELD_POLLS = 3
_REPEATED = timedelta(days=30)  # the same text under another id and link within this time is a repetition


@dataclass(frozen=True, slots=True)
class KnownItem:
    """What the store remembers of an item so that it is recognised: its newest revision's title, link, dates
    and hashes. `link_key` and `title_key` are what it is looked up by, beside its id."""

    id: str
    title: str = ""
    link: str = ""
    published: datetime | None = None
    fingerprint: str = ""
    text_print: str = ""
    link_key: str = ""
    title_key: str = ""
    withdrawn: bool = False


class Wanted(NamedTuple):
    """The items that a decision may need to know: of this source, and with one of these."""

    ids: frozenset[str]
    link_keys: frozenset[str]
    title_keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class KnownItems:
    """Items of one source that the store has. `total` counts all of them, looked up or not."""

    by_id: Mapping[str, KnownItem] = field(default_factory=dict)
    total: int = 0


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One item to store: `known` is what to remember it by.

    `backfill`: the feed held it long before its first poll, or it leaves a quarantine undated: stored, but no alert."""

    item: Item
    known: KnownItem
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of comparing a feed with the stored items. `quarantine`: why nothing new was accepted, or empty."""

    new: tuple[ItemChange, ...] = ()
    revised: tuple[ItemChange, ...] = ()
    withdrawn: tuple[ItemChange, ...] = ()
    unchanged: int = 0
    duplicates: int = 0  # entries of the feed that are one item twice, or that nothing names
    held: int = 0
    quarantine: str = ""
    released: bool = False  # a quarantine ended with this poll; its items are backfill
    begins: bool = False  # nothing of the feed was known before
    entry_hashes: tuple[tuple[str, str], ...] = ()  # hash of an entry's bytes to item id, of all that was decided


def wanted(source: Source, parsed: ParsedFeed) -> Wanted:
    """What `decide` will look up."""
    ids = {identity.entry_id(source, entry, parsed.link) for entry in parsed.entries}
    ids |= {identity.variant_id(source, entry, parsed.link) for entry in parsed.entries if not entry.withdrawn}
    links = {identity.link_key(entry.link) for entry in parsed.entries}
    titles = {identity.title_key(entry.title) for entry in parsed.entries}
    return Wanted(*(frozenset(each - {""}) for each in (ids, links, titles)))


def decide(source: Source, parsed: ParsedFeed, known: KnownItems, state: FeedState, now: datetime) -> Decision:
    """Sort a feed's entries into new, revised, withdrawn and known ones. `now` is when it was observed."""
    matches = _Matcher(source, parsed, known).match()
    rolled_back = _rolled_back(parsed, state, now)
    new: list[tuple[Entry, str]] = []
    revised: list[ItemChange] = []
    entry_hashes = list(parsed.skipped_hashes)
    unchanged = len(parsed.skipped)
    for entry, item_id, old in matches.found:
        if old is None:
            new.append((entry, item_id))
            continue
        changed = old.withdrawn or identity.prints(entry)[0] != old.fingerprint
        if entry.entry_hash and not (changed and rolled_back):
            entry_hashes.append((entry.entry_hash, item_id))
        if changed and not rolled_back:
            revised.append(_change(source, parsed, entry, item_id, now, old))
        else:
            unchanged += 1
    admitted, backfill, quarantine = _admit(new, parsed, known, state, now)
    entry_hashes += [(entry.entry_hash, item_id) for entry, item_id in admitted if entry.entry_hash]
    changes = (_change(source, parsed, *each, now) for each in admitted)
    return Decision(
        new=tuple(replace(each, backfill=True) if each.item.id in backfill else each for each in changes),
        revised=tuple(revised),
        withdrawn=tuple(_withdrawn(source, parsed, known, now)),
        unchanged=unchanged,
        duplicates=matches.duplicates,
        held=len(new) - len(admitted),
        quarantine=quarantine,
        released=bool(backfill) and known.total > 0,
        begins=known.total == 0,
        entry_hashes=tuple(entry_hashes),
    )


class _Matcher:
    """Finds for every entry the item that it is, or the id that it gets."""

    def __init__(self, source: Source, parsed: ParsedFeed, known: KnownItems) -> None:
        self._source = source
        self._home = parsed.link
        self._entries = [entry for entry in parsed.entries if not entry.withdrawn]
        self._by_id = known.by_id
        self._by_link = grouped((item.link_key, item) for item in known.by_id.values())
        self._by_title = grouped((item.title_key, item) for item in known.by_id.values())
        self._taken: set[str] = set(parsed.skipped)  # ids that an entry of this feed has already
        self._base = [identity.entry_id(source, entry, self._home) for entry in self._entries]
        self._shared = Counter(self._base)
        self._links = Counter(identity.link_key(entry.link) for entry in self._entries if known.by_id)
        self.found: list[tuple[Entry, str, KnownItem | None]] = []
        self.duplicates = 0

    def match(self) -> "_Matcher":
        # Matches by id come first, so that an entry that only resembles an item does not take it.
        resolved: dict[int, KnownItem] = {}
        for index, entry in enumerate(self._entries):
            item = self._by_own_id(entry, self._base[index])
            if item is not None and item.id not in self._taken:
                self._taken.add(item.id)
                resolved[index] = item
        for index, entry in enumerate(self._entries):
            base = self._base[index]
            item = resolved.get(index)
            if item is None and base and self._by_id:
                item = self._by_resemblance(entry)
            item_id = self._fresh_id(entry, base) if item is None else item.id
            if item_id:
                self._taken.add(item_id)
                self.found.append((entry, item_id, item))
            else:
                self.duplicates += 1
        return self

    def _by_own_id(self, entry: Entry, base: str) -> KnownItem | None:
        if not base or not self._by_id:
            return None
        variant = self._by_id.get(identity.variant_id(self._source, entry, self._home))
        item = self._by_id.get(base)
        if variant is None and item is not None and self._is_same(entry, item, shared=self._shared[base] > 1):
            return item
        return variant

    @staticmethod
    def _is_same(entry: Entry, item: KnownItem, *, shared: bool) -> bool:
        """Whether an entry with a known id is that item, and not another article under a reused id."""
        if identity.title_key(entry.title) == item.title_key:
            return True
        if identity.link_key(entry.link) == item.link_key:
            return bool(entry.guid) or not shared
        same_date = entry.published is not None and entry.published == item.published
        return not shared and same_date and _alike(entry.title, item.title)

    def _by_resemblance(self, entry: Entry) -> KnownItem | None:
        """The known item that an entry with an unknown id is, by link, title or text; None if there is none."""
        link = identity.link_key(entry.link)
        title = identity.title_key(entry.title)
        if self._links[link] == 1 and identity.is_specific(entry.link, self._home):
            for item in self._free(self._by_link.get(link, ())):
                same_date = entry.published is not None and entry.published == item.published
                if item.title_key == title or same_date or _alike(entry.title, item.title):
                    return item
        if title:
            for item in self._free(self._by_title.get(title, ())):
                if entry.published is not None and entry.published == item.published:
                    return item
                if item.text_print and item.text_print == identity.prints(entry)[1]:
                    apart = entry.published and item.published and abs(entry.published - item.published)
                    if not apart or apart <= _REPEATED:
                        return item
        return None

    def _free(self, items: Iterable[KnownItem]) -> list[KnownItem]:
        return [item for item in items if item.id not in self._taken]

    def _fresh_id(self, entry: Entry, base: str) -> str:
        """The id of a new item; empty for one that this feed holds twice."""
        if not base:
            return ""
        if base not in self._taken and base not in self._by_id:
            return base
        # The id is another entry's of this feed, or was another article's before.
        title, link = identity.title_key(entry.title), identity.link_key(entry.link)
        entries = [other for other, other_id, _ in self.found if other_id == base]
        others = [(identity.title_key(other.title), identity.link_key(other.link)) for other in entries]
        if not others and base in self._by_id:
            others = [(self._by_id[base].title_key, self._by_id[base].link_key)]
        same = any(title == its or (bool(entry.guid) and link == its_link) for its, its_link in others)
        variant = identity.variant_id(self._source, entry, self._home)
        return "" if same or variant in self._taken else variant


def _alike(one: str, other: str) -> bool:
    """Whether two titles share at least half of their words."""
    a, b = set(identity.title_key(one).split()), set(identity.title_key(other).split())
    return bool(a and b) and len(a & b) * 2 >= len(a | b)


def _change(
    source: Source, parsed: ParsedFeed, entry: Entry, item_id: str, now: datetime, old: KnownItem | None = None
) -> ItemChange:
    # An entry that only says when it was last touched keeps the date of its first version.
    published = entry.published or (old.published if old else None) or entry.updated
    item = Item(
        id=item_id,
        title=entry.title or _headline(entry.summary or entry.content),
        observed=now,
        summary=entry.summary,
        content=entry.content,
        url=entry.link,
        source=source.id,
        published=published,
        language=entry.language or parsed.language,
        origin=entry.origin,
        author=entry.author,
    )
    fingerprint, text_print = identity.prints(entry)
    known = KnownItem(
        id=item_id,
        title=entry.title,
        link=entry.link,
        published=published,
        fingerprint=fingerprint,
        text_print=text_print,
        link_key=identity.link_key(entry.link),
        title_key=identity.title_key(entry.title),
    )
    return ItemChange(item, known)


def _headline(text: str) -> str:
    """The beginning of a text, as the title of an entry without one."""
    line = text[:400].split("\n", 1)[0].strip()
    return line if len(line) <= 120 else line[:120].rpartition(" ")[0] + " …"


def _withdrawn(source: Source, parsed: ParsedFeed, known: KnownItems, now: datetime) -> Iterable[ItemChange]:
    for entry in parsed.entries:
        old = known.by_id.get(identity.entry_id(source, entry)) if entry.withdrawn else None
        if old is None or old.withdrawn:
            continue
        item = Item(old.id, old.title, now, url=old.link, source=source.id, published=old.published, withdrawn=True)
        yield ItemChange(item, replace(old, withdrawn=True))


def _rolled_back(parsed: ParsedFeed, state: FeedState, now: datetime) -> bool:
    """Whether a cache served an older version of the feed. For a day only: a wrong clock may have been corrected."""
    newest = state.feed_updated
    if parsed.updated is None or newest is None or now - newest >= timedelta(days=1):
        return False
    return parsed.updated < newest <= now + timedelta(minutes=5)


def _admit(
    new: list[tuple[Entry, str]], parsed: ParsedFeed, known: KnownItems, state: FeedState, now: datetime
) -> tuple[list[tuple[Entry, str]], set[str], str]:
    """The new entries that are accepted, the ids of those that are backfill, and why the others are held back."""
    if known.total == 0:
        dates = {item_id: entry.published or entry.updated for entry, item_id in new}
        return new, {item_id for item_id, when in dates.items() if when is None or when < now - BACKFILL}, ""
    doubtful = _doubtful(new, state, now)
    crowd = len(doubtful) >= HELD_AT_LEAST and known.total >= HELD_AT_LEAST and len(doubtful) * 2 > parsed.total
    # A quarantine goes on even where fewer entries are in doubt at the next poll.
    if not (crowd or (state.held_since is not None and doubtful)):
        return new, set(), ""
    if state.held_since is not None and state.held_polls >= HELD_POLLS and now - state.held_since >= HELD_FOR:
        return new, doubtful, ""
    # Nothing new of the first such poll is accepted; of later ones, what is dated after the first.
    after = state.held_since or now
    certain = [(entry, item_id) for entry, item_id in new if item_id not in doubtful and state.held_since]
    admitted = [(entry, item_id) for entry, item_id in certain if entry.published and entry.published > after]
    quarantine = (
        f"{len(doubtful)} of {parsed.total} entries of a feed with {known.total} known items turned new at once, "
        f"undated or dated before the last poll: {len(new) - len(admitted)} held back until it stays so for "
        f"{HELD_FOR.total_seconds() / 3600:g} hours"
    )
    return admitted, set(), quarantine


def _doubtful(new: list[tuple[Entry, str]], state: FeedState, now: datetime) -> set[str]:
    """Ids of new entries that are not from after the last poll: undated, dated well before it, or dated all alike, as
    in a rebuilt feed."""
    since = (state.last_success or now) - BACKFILL
    dates = {item_id: entry.published or entry.updated for entry, item_id in new}
    minutes = Counter(when.replace(second=0, microsecond=0) for when in dates.values() if when is not None)
    common, count = minutes.most_common(1)[0] if minutes else (None, 0)
    rebuilt = common if count >= HELD_AT_LEAST and count * 2 > len(new) else None
    return {
        item_id
        for item_id, when in dates.items()
        if when is None or when < since or when.replace(second=0, microsecond=0) == rebuilt
    }
