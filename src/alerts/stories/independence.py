"""Which items of a story count as one publisher.

Two items are linked when one probably repeats the other: same publisher, same page, same origin named by the feed, same
news agency credited, same text, same telling headline. Groups are the connected components of the links, so a copy of a
copy counts with the original. A link too many costs confidence, a link too few invents it: in doubt, linked."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from alerts.model.story import Group, Link
from alerts.stories.features import Features
from alerts.stories.sketch import COMPARABLE, containment, resemblance
from alerts.stories.terms import weight

_Key = str | tuple[int, ...]
_CONTAINED = 0.6  # share of the shorter opening that stands in the other
_RESEMBLING = 0.5  # Jaccard similarity of whole texts
_TELLING_HEADLINE = 24000  # thousandths of a nat: about five words that not every headline has


def independent(members: Sequence[Features]) -> tuple[Group, ...]:
    """The independent publishers behind a story, each with its items and the links that joined them.

    Groups are ordered by their first item (earliest observed), as are the items within; each group has one link
    fewer than items. The order of `members` has no influence; an item given twice counts once."""
    if len(members) == 1:
        return (Group((members[0].item,)),)
    ordered = sorted({each.item: each for each in members}.values(), key=lambda each: (each.observed, each.item))
    parent = list(range(len(ordered)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    links: dict[int, list[Link]] = {}
    for first, second, reason in _pairs(ordered, root):
        into, gone = sorted((root(first), root(second)))
        if into != gone:
            parent[gone] = into
            link = Link(ordered[first].item, ordered[second].item, reason)
            links[into] = [*links.get(into, []), *links.pop(gone, []), link]
    groups: dict[int, list[str]] = {}
    for index, each in enumerate(ordered):
        groups.setdefault(root(index), []).append(each.item)
    return tuple(Group(tuple(items), tuple(links.get(index, ()))) for index, items in groups.items())


def _pairs(ordered: list[Features], root: Callable[[int], int]) -> Iterator[tuple[int, int, str]]:
    """Linked pairs of indices with the reason, the plainest reasons first.

    `root` tells the group that an item is in by now: texts of one group are not compared."""
    yield from _equal(ordered, "same-publisher", [[each.outlet] for each in ordered])
    yield from _equal(ordered, "same-link", [[each.link] for each in ordered])
    yield from _equal(ordered, "same-origin", [[each.origin, each.outlet] for each in ordered])
    yield from _equal(ordered, "wire", [[each.agency] for each in ordered])
    yield from _equal(ordered, "same-text", [[_opening(each)] for each in ordered])
    yield from _alike(ordered, root)
    by_headline: dict[int, list[int]] = {}
    for second, each in enumerate(ordered):
        if sum(weight(term) for term in each.terms) >= _TELLING_HEADLINE:
            for first in by_headline.setdefault(each.headline, []):
                if not (_opening(ordered[first]) and _opening(each)):
                    yield first, second, "same-headline"
            by_headline[each.headline].append(second)


def _opening(each: Features) -> _Key:
    """The opening where it is long enough to identify a text."""
    opening, _ = each.prints
    return opening if len(opening) >= COMPARABLE else ()


def _equal(ordered: list[Features], reason: str, keys: list[list[_Key]]) -> Iterator[tuple[int, int, str]]:
    """Each item with the first one that has a key in common; empty keys are no keys."""
    seen: dict[_Key, int] = {}
    for index in range(len(ordered)):
        for key in keys[index]:
            if key and seen.setdefault(key, index) != index:
                yield seen[key], index, reason


def _alike(ordered: list[Features], root: Callable[[int], int]) -> Iterator[tuple[int, int, str]]:
    """Items of two groups whose texts are alike; without a shingle in common they need no comparison."""
    distinct = _distinct(ordered)
    once: set[int] = set()
    shared: set[int] = set()
    for index in distinct:
        shingles = set().union(*ordered[index].prints)
        shared |= once & shingles
        once |= shingles
    having: dict[int, dict[int, list[int]]] = {shingle: {} for shingle in shared}  # by shingle and group
    for second in distinct:
        each = ordered[second]
        sharing = [having[shingle] for shingle in sorted(shared.intersection(chain(*each.prints)))]
        compared: set[int] = set()
        for groups in sharing:
            for group in [known for known in groups if root(known) != known]:  # linked to another since
                groups.setdefault(root(group), []).extend(groups.pop(group))
            for group, others in groups.items():
                for first in others:
                    if root(group) == root(second):
                        break
                    if first not in compared and _same_text(ordered[first], each):
                        yield first, second, "same-text"
                    compared.add(first)
        for groups in sharing:
            groups.setdefault(root(second), []).append(second)


def _distinct(ordered: list[Features]) -> list[int]:
    """Of copies that are linked already and alike to the same texts, the first; of others with fingerprints, all."""
    found: dict[tuple[_Key, ...], int] = {}
    for index, each in enumerate(ordered):
        if _opening(each) or each.prints[1]:
            found.setdefault(each.prints if _opening(each) else (str(index),), index)
    return list(found.values())


def _same_text(a: Features, b: Features) -> bool:
    """Whether one text is the other, or opens with it, but for small edits."""
    (opening, sketch), (other_opening, other_sketch) = a.prints, b.prints
    return containment(opening, other_opening) >= _CONTAINED or resemblance(sketch, other_sketch) >= _RESEMBLING
