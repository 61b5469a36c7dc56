"""Which of the forms that stand in an item are mentions: overlaps, context, ambiguity.

The steps, each on what the one before left:

    longest     a name inside a longer one is not a mention of its own, nor one inside an excluded phrase
    judged      the neighbours (see `filters`) and the institution's context words
    supported   a short form needs a fuller name of the same institution in the item
    unambiguous where several institutions share the words, the one that the item names otherwise or comes from, then
                those with the strongest claim (an official name before an alias), and of these the likeliest
    anaphors    "the company" counts where it follows a name of the same institution closely"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from alerts.matching.candidate import Candidate
from alerts.matching.document import Document
from alerts.matching.filters import PERSON, THING, Filter, reason_against
from alerts.matching.forms import Form, Strength
from alerts.matching.vocabulary import FIRM_ARTICLES
from alerts.model.fields import grouped

ANAPHOR_REACH = 40  # words back to a name of the same institution

Reject = Callable[[Candidate, str], None]
Span = tuple[str, int, int]  # field, start, end


def resolve(
    candidates: list[Candidate],
    document: Document,
    reject: Reject,
    filters: Iterable[Filter],
    about: Collection[str],
    likelihood: Callable[[str], int],
) -> tuple[list[Candidate], set[Candidate]]:
    """Those that are mentions, at most one a span, by field and offset; and which of these are ambiguous.

    `reject` is called with the others. `about` are the institutions that the item comes from; `likelihood` says how
    much in it speaks for one, and is asked only where several share a name."""
    spans = _by_span(_parted(candidates))
    document.spans = tuple(spans)  # no reference back to the candidates: a cycle would wait for the collector
    kept = _unopposed(spans, reject, filters)
    names, anaphors = _supported(kept, reject)
    chosen, ambiguous = _chosen(names, reject, about, likelihood)
    if anaphors:
        chosen += _pointing_back(anaphors, chosen, reject)
    if len(chosen) > 1:
        order = {field: number for number, field in enumerate(document.texts)}
        chosen.sort(key=lambda candidate: (order[candidate.field], candidate.start, candidate.end))
    return chosen, ambiguous


def _unopposed(spans: Mapping[Span, list[Candidate]], reject: Reject, filters: Iterable[Filter]) -> list[Candidate]:
    """Those against which nothing speaks: no longer name, no filter, no missing context word."""
    covers = _covers(spans)
    kept: list[Candidate] = []
    bearers: dict[tuple[str, str], str] = {}
    for span, rivals in spans.items():
        covering = covers.get(span)
        for candidate in rivals:
            form = candidate.form
            if form.excludes:
                continue
            cover = covering and (covering.get(form.institution) or covering.get(""))
            if reason := (cover and _covered(cover)) or reason_against(candidate, filters) or _missing(candidate):
                reject(candidate, reason)
                if reason.startswith((PERSON, THING)):
                    bearers[form.institution, form.key] = reason
            else:
                kept.append(candidate)
    return _without_bearers(kept, bearers, reject) if bearers else kept


def _supported(kept: list[Candidate], reject: Reject) -> tuple[list[Candidate], list[Candidate]]:
    """Names, without weak short forms that no fuller name supports; and apart from them the anaphors."""
    supported = {candidate.form.institution for candidate in kept if candidate.form.strength > Strength.WEAK}
    anaphors, names = [], []
    for candidate in kept:
        form = candidate.form
        if form.strength is Strength.ANAPHOR:
            anaphors.append(candidate)
        elif form.strength is Strength.WEAK and form.institution not in supported and not candidate.shows_organisation:
            reject(candidate, "a short form, and no fuller name of it stands in the item")
        else:
            names.append(candidate)
    return names, anaphors


def _chosen(
    names: list[Candidate], reject: Reject, about: Collection[str], likelihood: Callable[[str], int]
) -> tuple[list[Candidate], set[Candidate]]:
    """One candidate a span, and which of them are ambiguous."""
    claims = list(_by_span(names).values()) if len(names) > 1 else [names]
    doubtful = {each for each in names if each.doubtful}
    if not doubtful and len(claims) >= len(names):  # as nearly always
        return names, set()
    clear = {rivals[0].form.institution for rivals in claims if _agree(rivals)}.union(about)
    certain = {each.form.institution for each in names if each not in doubtful}
    chosen, ambiguous = [], set()
    for rivals in claims:
        best, alone = _choose(rivals, clear, likelihood, reject)
        chosen.append(best)
        if not alone or (best in doubtful and best.form.institution not in certain):
            ambiguous.add(best)
    return chosen, ambiguous


def _by_span(candidates: Iterable[Candidate]) -> dict[Span, list[Candidate]]:
    return grouped(((candidate.field, candidate.start, candidate.end), candidate) for candidate in candidates)


def _agree(rivals: list[Candidate]) -> bool:
    return len(rivals) == 1 or len({candidate.form.institution for candidate in rivals}) == 1


# ── What stands inside a longer name ─────────────────────────────────────────────────────────────────────────


def _covers(spans: Mapping[Span, list[Candidate]]) -> dict[Span, dict[str, Form]]:
    """For each span what covers it, by the institution that it is covered for, "" meaning all."""
    covered: dict[Span, dict[str, Form]] = {}
    open_spans: list[Span] = []
    for span in sorted(spans) if len(spans) > 1 else spans:
        if open_spans:
            field, start, _ = span
            open_spans = [other for other in open_spans if other[2] > start and other[0] == field]
            for other in open_spans:
                _cover(span, other, spans, covered)
                _cover(other, span, spans, covered)
        open_spans.append(span)
        for candidate in spans[span]:
            if candidate.form.excludes and _is_for(candidate.form, spans[span]):
                covered.setdefault(span, {}).setdefault(candidate.form.institution, candidate.form)
    return covered


def _cover(
    inner: Span, outer: Span, spans: Mapping[Span, list[Candidate]], covered: dict[Span, dict[str, Form]]
) -> None:
    """Note that `inner` does not count beside `outer`, which overlaps it, where that is so."""
    longer = outer[2] - outer[1] > inner[2] - inner[1]
    for candidate in spans[outer]:
        form = candidate.form
        if form.excludes:
            if _is_for(form, spans[inner]):
                covered.setdefault(inner, {}).setdefault(form.institution, form)
        elif longer and form.strength > Strength.ANAPHOR:
            covered.setdefault(inner, {}).setdefault("", form)


def _is_for(excluding: Form, candidates: Iterable[Candidate]) -> bool:
    """Whether an excluded phrase holds for what it covers: for all names, or for the alias that it belongs to."""
    only, own = excluding.excludes_only, excluding.institution
    return not only or any((each.form.institution, each.form.key) == (own, only) for each in candidates)


def _covered(by: Form) -> str:
    if by.excludes:
        return f"inside the excluded phrase {by.cased!r}"
    return f"part of the longer name {by.cased!r} ({by.institution})"


def _parted(candidates: list[Candidate]) -> list[Candidate]:
    """Without names that tell a candidate by naming another: "X University in Y" is X University, and Y."""
    located = [
        (each, index)
        for each in candidates
        if len(each.form.gaps) >= 3
        for index in range(each.first + 1, each.last - 1)
        if each.word(index).lower() in {"in", "at"}
    ]
    if not located:
        return candidates
    owners = grouped(
        ((each.field, each.first, each.last), each.form.institution)
        for each in candidates
        if each.form.strength > Strength.ANAPHOR and not each.form.excludes
    )
    parted = {
        each
        for each, index in located
        if each.form.institution in owners.get((each.field, each.first, index), ())
        and {*owners.get((each.field, index + 1, each.last), ())} - {each.form.institution}
    }
    return [each for each in candidates if each not in parted]


# ── What the rest of the item says ───────────────────────────────────────────────────────────────────────────


def _without_bearers(kept: list[Candidate], bearers: Mapping[tuple[str, str], str], reject: Reject) -> list[Candidate]:
    """Without names that elsewhere in the item are a person's or a thing's, unless it names the institution too.

    `bearers` has for an institution and one of its keys the reason for which that was turned down."""
    named = {each.form.institution for each in kept if (each.form.institution, each.form.key) not in bearers}
    others = []
    for candidate in kept:
        reason = bearers.get((candidate.form.institution, candidate.form.key), "")
        counts = not reason or candidate.form.institution in named
        if counts or candidate.before.lower() in FIRM_ARTICLES.get(candidate.document.language, ()):  # da Gerdau
            others.append(candidate)
        else:
            reject(candidate, reason)
    return others


def _missing(candidate: Candidate) -> str:
    """Why a candidate does not count: none of the words on which it depends stands in the item."""
    form, has = candidate.form, candidate.document.has
    spared = form.requires and form.strength is not Strength.GIVEN and candidate.is_firm  # an alias keeps its condition
    for words in (form.needs, () if spared else form.requires):
        if words and not any(map(has, words)):
            return "no context word: " + ", ".join(words)
    return ""


# ── Who is meant ─────────────────────────────────────────────────────────────────────────────────────────────


def _choose(
    rivals: list[Candidate], clear: set[str], likelihood: Callable[[str], int], reject: Reject
) -> tuple[Candidate, bool]:
    """The likeliest of the forms with the same span, and whether nothing speaks for another as well."""
    if len(rivals) == 1:
        return rivals[0], True
    names = {candidate.form.institution for candidate in rivals}
    if len(names) > 1:
        names = _meant(rivals, clear)
    likeliest = max(sorted(names), key=likelihood) if len(names) > 1 else min(names)
    for candidate in rivals:
        if candidate.form.institution != likeliest:
            others = "ambiguous: rather " if candidate.form.institution in names else "rather "
            reject(candidate, others + likeliest)
    own = [candidate for candidate in rivals if candidate.form.institution == likeliest]
    return max(own, key=_preference), len(names) == 1


def _meant(rivals: list[Candidate], clear: set[str]) -> set[str]:
    """Of several institutions with the same words those that are meant: by context, else by the stronger claim."""
    best = max(candidate.form.strength for candidate in rivals)
    strongest = {candidate.form.institution for candidate in rivals if candidate.form.strength == best}
    given = {candidate.form.institution for candidate in rivals if candidate.form.strength >= Strength.GIVEN}
    for candidates in (given, strongest):
        if len(candidates & clear) == 1:
            return candidates & clear
    # What an institution's name itself also gives ("U.S." of the United States) is its own before it is another's.
    ways = Counter(candidate.form.institution for candidate in rivals)
    most = max(ways[name] for name in strongest)
    return {name for name in strongest if ways[name] == most}


def _preference(candidate: Candidate) -> tuple[int, int, str]:
    """Of one institution's forms with the same words: the one whose punctuation stands there too, the strongest."""
    start, end = candidate.extent()
    return end - start, candidate.form.strength, candidate.form.cased


def _pointing_back(anaphors: list[Candidate], names: list[Candidate], reject: Reject) -> list[Candidate]:
    """The anaphors that follow a name of their institution closely and can mean no other of theirs."""
    taken: list[Candidate] = []
    last: dict[tuple[str, str], int] = {}  # field, institution: the word after its last mention
    named = {(candidate.field, candidate.start) for candidate in names}
    at = grouped(((candidate.field, candidate.start), candidate) for candidate in (*names, *anaphors))
    for where in sorted(at):
        if where in named:
            for candidate in at[where]:
                if candidate.form.strength > Strength.ANAPHOR:
                    last[candidate.field, candidate.form.institution] = candidate.last
            continue
        near = [
            candidate
            for candidate in at[where]
            if candidate.first - last.get((candidate.field, candidate.form.institution), -ANAPHOR_REACH) < ANAPHOR_REACH
        ]
        for candidate in at[where]:
            if candidate not in near:
                reject(candidate, "points back to no name close by")
            elif not _agree(near):
                reject(candidate, "ambiguous: it may point back to another institution as well")
        if near and _agree(near):
            taken.append(max(near, key=_preference))
            last[near[0].field, near[0].form.institution] = near[0].last
    return taken
