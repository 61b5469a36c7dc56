"""The entries of all files by section, valid or not, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from alerts.config.document import Document
from alerts.config.schema import Form
from alerts.config.tree import Mapping, Scalar

F = TypeVar("F", bound=Form)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a section; `form` is None where it was refused."""

    document: Document
    section: str
    path: tuple[str | int, ...]
    form: Form | None

    def report(self, *steps: str | int, message: str, at_key: bool = False, offset: int = 0) -> None:
        """Add a problem at a path inside the entry; `offset` is that of a character in the value."""
        self.document.report([*self.path, *steps], message, at_key=at_key, offset=offset)

    def place(self, *steps: str | int) -> tuple[str, int, int]:
        """File, line and column of a path inside the entry."""
        node = self.document.find([*self.path, *steps])
        return self.document.file, node.line, node.column

    def shown(self, *steps: str | int) -> str:
        """The value at a path as a message may repeat it."""
        return self.document.shown([*self.path, *steps])

    def written(self, key: str) -> str:
        """The text of a key as written, also in an entry that was refused; empty where there is none."""
        node = self.document.find(self.path)
        if not isinstance(node, Mapping) or key not in node.entries:
            return ""
        value = node.entries[key][1]
        return (value.text or "").strip() if isinstance(value, Scalar) else ""

    def is_mapping(self, *steps: str | int) -> bool:
        """Whether the value at a path is written as a mapping."""
        return isinstance(self.document.find([*self.path, *steps]), Mapping)


@dataclass(slots=True)
class Entries:
    """All entries in the order of the files."""

    by_section: dict[str, list[Entry]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        self.by_section.setdefault(entry.section, []).append(entry)

    def all(self, section: str) -> list[Entry]:
        return self.by_section.get(section, [])

    def valid(self, section: str, form: type[F]) -> list[tuple[Entry, F]]:
        """The entries that passed their form."""
        return [(entry, entry.form) for entry in self.all(section) if isinstance(entry.form, form)]
