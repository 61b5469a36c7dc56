"""Which entries are the same item, and what makes a revision. Pure."""

import hashlib
import unicodedata
from functools import lru_cache

from alerts.feeds.feed import Entry
from alerts.model.pages import canonical
from alerts.model.source import Source

_QUOTES = str.maketrans("‘’‚‛′`´“”„‟″«»–—−‐‑", "'''''''\"\"\"\"\"\"\"-----")


def digest(*parts: str, size: int = 10) -> str:
    """A short stable hash of texts, as `2 * size` hexadecimal digits."""
    state = hashlib.blake2b(digest_size=size)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        state.update(len(encoded).to_bytes(8, "big"))
        state.update(encoded)
    return state.hexdigest()


@lru_cache(maxsize=1 << 12)  # a poll asks several times for each of its titles
def title_key(title: str) -> str:
    """A title in a form that survives casing, spacing, and typographic quotes and dashes."""
    if title.isascii():  # has one of the quotes only, and is normal
        return " ".join(title.replace("`", "'").lower().split())
    folded = unicodedata.normalize("NFKC", title.translate(_QUOTES)).casefold()
    return " ".join(folded.split())


def link_key(link: str) -> str:
    return canonical(link) if link else ""


def is_specific(link: str, home: str = "") -> bool:
    """Whether a link can name an article: it is neither a site's front page nor the feed's own page."""
    named = link_key(link)
    return bool(named) and ("/" in named or "?" in named) and named != link_key(home)


def _key(source: Source, entry: Entry, home: str) -> str:
    """What names an entry within its feed: its id, else its link, else its title with the publisher.

    `home` is the page that the feed belongs to, which names no entry. Empty where the entry has none of the three:
    such an entry cannot be distinguished from another and is left out."""
    if entry.guid.strip():
        return "id:" + entry.guid.strip()
    if entry.link and (is_specific(entry.link, home) or not entry.title):
        return "link:" + link_key(entry.link)
    if entry.title:
        return f"title:{title_key(entry.title)}\n{title_key(entry.origin or source.publisher)}"
    said = entry.summary or entry.content
    return "text:" + digest(_plain(entry.summary), _plain(entry.content)) if said else ""


@lru_cache(maxsize=1 << 12)  # once for what is looked up, once for what is decided
def _id(source: str, named: str) -> str:
    return digest(source, named)


def entry_id(source: Source, entry: Entry, home: str = "") -> str:
    """The id of an entry by its own key alone, without comparing it with known items; empty where it has no key.

    It is the item's id everywhere in the program: 80 bits of a hash, 20 hexadecimal digits."""
    named = _key(source, entry, home)
    return _id(source.id, named) if named else ""


def variant_id(source: Source, entry: Entry, home: str = "") -> str:
    """The id of an entry whose feed uses the same guid for another article."""
    named = _key(source, entry, home)
    return _id(source.id, f"{named}\n{link_key(entry.link)}\n{title_key(entry.title)}")


def prints(entry: Entry) -> tuple[str, str]:
    """The hash whose change makes a revision, and that of its text alone.

    The first is of title, summary, content and link, with spacing normalised. It leaves out dates: a new date alone is
    no revision. It keeps upper and lower case, which matching depends on. The second is empty where the text is too
    short to identify an entry."""
    texts = _plain(entry.title), _plain(entry.summary), _plain(entry.content)
    said = " ".join(filter(None, texts))
    return digest(*texts, link_key(entry.link)), digest(said) if len(said) >= 60 else ""


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    # As `text.tidy` leaves most.
    return text.strip(" ") if text.isprintable() and "  " not in text else " ".join(text.split())
