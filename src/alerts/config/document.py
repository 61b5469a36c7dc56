"""One file of the configuration: its tree, its data, and the place of each value."""

from __future__ import annotations

from collections.abc import Sequence as Steps
from dataclasses import dataclass, field
from typing import Any, Final

from alerts.config.interpolate import Interpolator
from alerts.config.tree import Mapping, Node, Scalar, Sequence
from alerts.model.errors import Problem

Path = Steps[str | int]
_PRIVATE: Final = frozenset({"channels", "url"})
"""Keys whose values are never repeated in a message: they may carry a password or a token."""


@dataclass(slots=True)
class Document:
    """A parsed file. `problems` collects what is wrong in it."""

    file: str
    root: Mapping
    interpolator: Interpolator
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
        if "${" not in node.text:
            return node.text
        try:
            return self.interpolator.resolve(node.text)
        except ValueError as error:
            self._break(node, str(error))
            return node.text

    def _break(self, node: Scalar, message: str) -> None:
        if id(node) not in self._broken:
            self._broken.add(id(node))
            self._add(node, message)

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
            else:
                break
        return node

    def find_key(self, path: Path) -> Node:
        """The key that ends the path, or the mapping it is missing from."""
        parent = self.find(path[:-1])
        if isinstance(parent, Mapping) and str(path[-1]) in parent.entries:
            return parent.entries[str(path[-1])][0]
        return parent

    def report(self, path: Path, message: str, *, at_key: bool = False, offset: int = 0) -> None:
        """Add a problem at a value, or at its key; `offset` is that of a character in a value of one line."""
        node = self.find_key(path) if at_key else self.find(path)
        if offset and isinstance(node, Scalar):
            offset += not node.plain  # the quote
        self._add(node, message, offset)

    def _add(self, node: Node, message: str, offset: int = 0) -> None:
        """One printable line, whatever the keys and names in it."""
        line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in message)
        self.problems.append(Problem(self.file, node.line, node.column + offset, line))

    def shown(self, path: Path) -> str:
        """The value as it is written, to repeat in a message; empty where it might be a secret."""
        node = self.find(path)
        if not isinstance(node, Scalar) or node.text is None or not _PRIVATE.isdisjoint(map(str, path)):
            return ""
        return repr(node.text if len(node.text) <= 60 else node.text[:59] + "…")
