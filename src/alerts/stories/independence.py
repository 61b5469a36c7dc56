"""Which items of a story count as one publisher.

Two items are linked when one probably repeats the other: same publisher, same page, same text, same origin named
by the feed, same news agency credited. Groups are the connected components of the links, so a copy of a copy
counts with the original. A link too many costs confidence, a link too few invents it: in doubt, linked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alerts.model.story import Group, Link
from alerts.stories.features import Features
from alerts.stories.sketch import containment, resemblance
from alerts.stories.terms import weight

_CONTAINED = 0.6  # share of the shorter opening that stands in the other
_RESEMBLING = 0.5  # Jaccard similarity of whole texts
_TELLING_HEADLINE = 20000  # thousandths of a nat: about four words that not every headline has


def independent(members: Sequence[Features]) -> tuple[Group, ...]:
    """The independent publishers behind a story, each with its items and the links that joined them.

    Groups are ordered by their first item (earliest observed), as are the items within; each group has one link
    fewer than items. The order of `members` has no influence; an item given twice counts once.
    """
    ordered = sorted(
        {each.item: each for each in members}.values(), key=lambda each: (each.observed, each.item)
    )
    parent = list(range(len(ordered)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    links: dict[int, list[Link]] = {}
    for first, second, reason in _pairs(ordered):
        a, b = sorted((root(first), root(second)))
        if a != b:
            parent[b] = a
            link = Link(ordered[first].item, ordered[second].item, reason)
            links[a] = [*links.get(a, []), *links.pop(b, []), link]
    groups: dict[int, list[str]] = {}
    for index, each in enumerate(ordered):
        groups.setdefault(root(index), []).append(each.item)
    return tuple(Group(tuple(items), tuple(links.get(index, ()))) for index, items in sorted(groups.items()))


def _pairs(ordered: list[Features]) -> Iterator[tuple[int, int, str]]:
    """Linked pairs of indices with the reason, the plainest reasons first."""
    for reason, key in _KEYS:
        seen: dict[str, int] = {}
        for index, each in enumerate(ordered):
            for value in key(each):
                if value in seen:
                    yield seen[value], index, reason
                else:
                    seen[value] = index
    for second, b in enumerate(ordered):
        for first, a in enumerate(ordered[:second]):
            if same_text(a, b):
                yield first, second, "same-text"
    by_headline: dict[int, list[int]] = {}
    for second, b in enumerate(ordered):
        for first in by_headline.setdefault(b.headline, []):
            if _same_headline(ordered[first], b):
                yield first, second, "same-headline"
        by_headline[b.headline].append(second)


def same_text(a: Features, b: Features) -> bool:
    """Whether one text is the other, or opens with it, but for small edits."""
    return containment(a.opening, b.opening) >= _CONTAINED or resemblance(a.sketch, b.sketch) >= _RESEMBLING


def _same_headline(a: Features, b: Features) -> bool:
    """Whether one telling headline stands over both, and no texts say that they differ.

    Publishers write their own headlines; the same long one twice is a reprint. Short ones ("Bitcoin falls") and
    standing ones ("What's News") coincide. Where both texts are there, the texts decide.
    """
    if a.opening and b.opening:
        return False
    return sum(weight(term) for term in a.terms) >= _TELLING_HEADLINE


_KEYS = (
    ("same-publisher", lambda each: (each.outlet,)),
    ("same-link", lambda each: (each.link,) if each.link else ()),
    ("same-origin", lambda each: (each.outlet, each.origin) if each.origin else (each.outlet,)),
    ("wire", lambda each: (each.agency,) if each.agency else ()),
)
