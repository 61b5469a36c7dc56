"""The files of the configuration as they are written: each value with its place, and the entries of each section."""

import os
from collections.abc import Sequence as Steps
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from alerts.config.environment import interpolate
from alerts.config.tree import Mapping, Node, Scalar, Sequence
from alerts.model.errors import Problem

F = TypeVar("F")
Path = Steps[str | int]
# Keys whose values are never repeated in a message: they may carry a password or a token.
_PRIVATE: Final = frozenset({"channels", "url"})


@dataclass(slots=True)
class Document:
    """A parsed file. `problems` collects what is wrong in it."""

    file: str
    root: Mapping
    problems: list[Problem] = field(default_factory=list)
    _broken: set[int] = field(default_factory=set)

    def data(self, node: Node) -> Any:
        """The node as dicts, lists and text, with variables replaced. What fails is reported and left empty."""
        if isinstance(node, Mapping):
            return {name: self.data(value) for name, (_, value) in node.entries.items()}
        if isinstance(node, Sequence):
            return [self.data(item) for item in node.items]
        if node.text is None:
            self._break(node, "there is no value here: write one, or remove the key")
            return None
        try:
            return interpolate(node.text, os.environ)
        except ValueError as error:
            self._break(node, str(error))
            return node.text

    def _break(self, node: Scalar, message: str) -> None:
        if id(node) not in self._broken:
            self._broken.add(id(node))
            self.add(node, message)

    def is_broken(self, node: Node) -> bool:
        """Whether the value was reported already, so that no second problem is made of it."""
        return id(node) in self._broken

    def find(self, path: Path) -> Node:
        """The node at a path of keys and indexes, or the deepest one that exists on the way to it."""
        node: Node = self.root
        for step in path:
            if isinstance(node, Mapping) and str(step) in node.entries:
                node = node.entries[str(step)][1]
            elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            elif step != "":  # a list of patterns stands where one for each language may
                break
        return node

    def add(self, node: Node, message: str, offset: int = 0) -> None:
        """Add a problem: one printable line, whatever the keys and names in it."""
        line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in message)
        self.problems.append(Problem(self.file, node.line, node.column + offset, line))


@dataclass(slots=True)
class Entry:
    """One entry of a section, at a path of its document; `form` is what it says, None where it was refused."""

    document: Document
    path: tuple[str | int, ...]
    form: Any = None

    def find(self, *steps: str | int) -> Node:
        """The node at a path inside the entry."""
        return self.document.find([*self.path, *steps])

    def report(self, *steps: str | int, message: str, at_key: bool = False, offset: int = 0) -> None:
        """Add a problem at a value, or at its key, else at the mapping that the key is missing from.

        `offset` is that of a character in a value of one line."""
        path = [*self.path, *steps]
        node = self.document.find(path[:-1] if at_key else path)
        if at_key and isinstance(node, Mapping) and str(path[-1]) in node.entries:
            node = node.entries[str(path[-1])][0]
        if offset and isinstance(node, Scalar):
            offset += not node.plain  # the quote
        self.document.add(node, message, offset)

    def place(self, *steps: str | int) -> tuple[str, int, int]:
        """File, line and column of a path inside the entry."""
        node = self.find(*steps)
        return self.document.file, node.line, node.column

    def where(self, *steps: str | int) -> str:
        """FILE:LINE of a path inside the entry."""
        file, line, _ = self.place(*steps)
        return f"{file}:{line}"

    def shown(self, *steps: str | int) -> str:
        """The value as it is written, to repeat in a message; empty where it might be a secret."""
        node = self.find(*steps)
        if not isinstance(node, Scalar) or node.text is None or not _PRIVATE.isdisjoint(map(str, (*self.path, *steps))):
            return ""
        return repr(node.text if len(node.text) <= 60 else node.text[:59] + "…")

    def written(self, key: str) -> str:
        """The text of a key as written, also in an entry that was refused; empty where there is none."""
        node = self.find()
        value = node.entries[key][1] if isinstance(node, Mapping) and key in node.entries else None
        return (value.text or "").strip() if isinstance(value, Scalar) else ""


@dataclass(frozen=True, slots=True)
class Entries:
    """All entries in the order of the files."""

    by_section: dict[str, list[Entry]] = field(default_factory=dict)

    def all(self, section: str) -> list[Entry]:
        return self.by_section.get(section, [])

    def valid(self, section: str, form: type[F]) -> list[tuple[Entry, F]]:
        """The entries that passed their form."""
        return [(entry, entry.form) for entry in self.all(section) if isinstance(entry.form, form)]
