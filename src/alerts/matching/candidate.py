"""A form where it stands in a text, and what is around it: what may be a mention."""

import re

from alerts.matching import vocabulary
from alerts.matching.document import Document
from alerts.matching.forms import Form
from alerts.model.mention import Rule

_SENTENCE_END = re.compile(r'[.!?:;\n|•"]')
_DATELINE_END = re.compile(r" ?\)\.? [-;]")
_BLANK = re.compile(r"\s")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_WINDOW = 160  # characters on each side that are looked at to tell the style of a sentence
_LONGEST_LINK = 300  # characters on each side that are looked at to tell whether it is a link


class Candidate:
    """Words `first` up to, not including, `last` of a text; `start` and `end` are their offsets in `text.low`.

    Forms in scripts without spaces have offsets only: `place` holds the words, then these offsets."""

    __slots__ = (
        "after", "before", "document", "dotted", "doubtful", "end", "field", "first", "form",
        "gap_after", "gap_before", "last", "start", "surface", "text",
    )  # fmt: skip

    def __init__(self, form: Form, field: str, document: Document, place: tuple[int, int, int, int]) -> None:
        self.form, self.field, self.document = form, field, document
        self.text = text = document.texts[field]
        first, last, start, end = place
        self.first, self.last = first, last
        self.doubtful = False  # as likely an ordinary word: set by the filter that sees it
        words = text.cased_tokens
        size = last - first
        # Whether one word stands there as initials with full stops: M.I.T.
        self.dotted = dotted = size > 1 and not form.gaps and not form.unspaced
        # What stands there, with its case, one space between the words; initials without their full stops.
        self.surface = words[first] if size == 1 else ("" if dotted else " ").join(words[first:last])
        if form.unspaced:
            self.start, self.end = start, end
            self.gap_before = gap_after = text.gap(0)
        else:
            self.start, self.end, self.gap_before, gap_after = text.place(first, last)
            if gap_after[:1] == "." and last < len(words) and (form.after == "." or dotted):
                gap_after = gap_after[1:]  # the full stop of an abbreviation
        self.gap_after = gap_after
        # The words right beside it, where just a space is between.
        self.before = words[first - 1] if first and self.gap_before == " " else ""
        self.after = words[last] if gap_after == " " and last < len(words) else ""

    def word(self, index: int) -> str:
        """A word of the text with its case; empty outside of the text."""
        return self.text.cased_tokens[index] if 0 <= index < len(self.text.cased_tokens) else ""

    def before_gap(self, gap: str) -> str:
        """The word before, where just `gap` is between."""
        return self.word(self.first - 1) if self.gap_before == gap else ""

    def after_gap(self, gap: str) -> str:
        """The word after, where just `gap` is between."""
        return self.word(self.last) if self.gap_after == gap else ""

    def extent(self) -> tuple[int, int]:
        """The span of the name in `text.low`, with what belongs to it: punctuation, article, legal form."""
        low, form, start, end = self.text.low, self.form, self.start, self.end
        if form.unspaced or form.rule is Rule.DOMAIN:
            return start, end
        if form.before and low.endswith(form.before, 0, start):
            start -= len(form.before)
        elif form.before and low.endswith(f"{form.before} ", 0, start):
            start -= len(form.before) + 1
        elif self.before == "The" and self.first > 1 and not _SENTENCE_END.search(self.text.gap(self.first - 1)):
            start = self.text.place(self.first - 1, self.first)[0]
        if (form.after and low.startswith(form.after, end)) or (self.dotted and low.startswith(".", end)):
            end += len(form.after) or 1
        elif form.after and low.startswith(f" {form.after}", end):
            end += len(form.after) + 1
        elif low.startswith(")", end) and low.count("(", start, end) > low.count(")", start, end):
            end += 1
        elif self.is_firm:
            end = self.text.place(self.last, self.last + 1)[1]
        return start, end

    @property
    def is_firm(self) -> bool:
        """Whether a legal form follows, with a capital: Target Corp."""
        following = self.after or self.after_gap(", ")
        return following[:1].isupper() and following.lower() in vocabulary.LEGAL_TAILS

    @property
    def shows_organisation(self) -> bool:
        """Whether the words around say that an organisation is named: "GM spokesman", "(AP) -"."""
        dateline = self.gap_before.endswith(("(", "( ")) and _DATELINE_END.match(self.gap_after)
        return bool(dateline) or self.after in vocabulary.AGENTS

    def touches_name(self, after: bool) -> bool:
        """Whether another name that is looked for begins right after this one, or ends right before it."""
        return (self.field, self.end + 1 if after else self.start - 1) in self.document.edges

    @property
    def mark(self) -> str:
        """`#` of a hashtag or `@` of a handle right before; else empty."""
        sign = self.text.low[self.start - 1 : self.start] if self.start else ""
        return sign if sign in {"#", "@"} else ""

    @property
    def starts_sentence(self) -> bool:
        return self.first == 0 or (self.gap_before != " " and _SENTENCE_END.search(self.gap_before) is not None)

    @property
    def style(self) -> str:
        """How the sentence around uses capitals: `mixed`, `headline`, `caps` (all capitals) or `lower` (none)."""
        styles = self.text.styles
        if self.start not in styles:
            styles[self.start] = self._find_style()
        return styles[self.start]

    def _find_style(self) -> str:
        if self.text.caseless and (self.document.language == "en" or " i " not in self.text.cased):
            return "lower"
        cased = self.text.cased
        begin, finish = max(0, self.start - _WINDOW), min(len(cased), self.end + _WINDOW)
        for end in _SENTENCE_END.finditer(cased, begin, self.start):
            begin = end.end()
        if end_after := _SENTENCE_END.search(cased, self.end, finish):
            finish = end_after.start()
        around = _LETTERS.findall(cased, begin, self.start) + _LETTERS.findall(cased, self.end, finish)
        if len(around) >= 2 and all(map(str.isupper, around)):
            return "caps"
        content = small = 0
        for word in around:
            if len(word) > 3 and word.lower() not in vocabulary.FUNCTION_WORDS:
                content += 1
                small += word[0].islower()
                if small > len(around) // 8:
                    return "mixed"
        return "headline" if content >= 2 and small <= content // 8 else "mixed"

    def chunk(self) -> tuple[str, str]:
        """What stands before and after it without white space between: the rest of a link or an address."""
        low = self.text.low
        head, tail = low[max(0, self.start - _LONGEST_LINK) : self.start], low[self.end : self.end + _LONGEST_LINK]
        return _BLANK.split(head)[-1], _BLANK.split(tail, 1)[0]
