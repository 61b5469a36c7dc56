"""YAML text to a tree of nodes that know where they stand.

Every scalar stays text: the schema says what a value is, so `NO`, `on`, `22:00`, `1.10` and unquoted
timestamps never turn into booleans or numbers behind the writer's back. The tree is built from parser events, with
bounds on depth and on the expansion of aliases, since PyYAML's composer recurses without a bound."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from alerts.model.errors import ConfigError, Problem

MAX_DEPTH: Final = 40
MAX_EXPANSION: Final = 200_000  # how many values all aliases (`*name`) of a file may stand for together
_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_ADVICE: Final = (  # what to do, by a part of what the parser says
    ("mapping values are not allowed", "a colon too many: put the value in quotes"),
    ("cannot start any token", "put the value in quotes"),
    ("unexpected end of stream", "the closing quote is missing"),
    ("while parsing a block", "check the indentation"),
    ("expected ',' or", "a comma or a closing bracket is missing"),
)
_STR_TAG: Final = "tag:yaml.org,2002:str"


@dataclass(slots=True, eq=False)
class Scalar:
    """A single value; `text` is None for an empty or null one."""

    text: str | None
    plain: bool
    line: int
    column: int
    size: int = 1


@dataclass(slots=True, eq=False)
class Sequence:
    line: int
    column: int
    items: "list[Node]" = field(default_factory=list)
    size: int = 1


@dataclass(slots=True, eq=False)
class Mapping:
    """The entries by key, merges (`<<`) included."""

    line: int
    column: int
    entries: "dict[str, tuple[Scalar, Node]]" = field(default_factory=dict)
    size: int = 1


type_names: Final = {Scalar: "a value", Sequence: "a list", Mapping: "a mapping"}

Node = Scalar | Sequence | Mapping


def parse(raw: bytes, file: str) -> tuple[Node | None, list[Problem]]:
    """The document in `raw` and what is wrong with its keys; None for an empty file.

    Raises ConfigError, with one problem, where the text is no YAML that can be read at all."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8: save the file as UTF-8"
        raise ConfigError((Problem(file, *_end(before), message),)) from None
    return _Builder(text, file).document()


def _end(text: str) -> tuple[int, int]:
    """Line and column, from 1, of what comes after a text."""
    lines = split_lines(text)
    return len(lines), len(lines[-1]) + 1


def split_lines(text: str) -> list[str]:
    """The lines as the parser counts them; the last one may be empty."""
    return _LINE_BREAK.split(text)


class _Builder:
    """Reads the events of one document."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._expanded = 0
        self._problems: list[Problem] = []

    def document(self) -> tuple[Node | None, list[Problem]]:
        try:
            return self._root(iter(CParser(self._text).get_event, None)), self._problems
        except yaml.MarkedYAMLError as error:
            line, column = self._place(error)
            raise ConfigError((Problem(self._file, line, column, self._explain(error, line)),)) from None
        except yaml.reader.ReaderError as error:
            before = self._text.encode()[: error.position].decode()
            message = f"{error.reason}: remove the character U+{error.character:04X}"
            raise ConfigError((Problem(self._file, *_end(before), message),)) from None

    def _root(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self._refuse(event, "a second document starts here: use one file for each")
                root = self._node(next(events), events, 0)
        return root

    def _place(self, error: yaml.MarkedYAMLError) -> tuple[int, int]:
        """Line and column, from 1, in the text; a quote that never ends is reported where it begins."""
        at_end = "unexpected end of stream" in (error.problem or "")
        mark = (error.context_mark if at_end else None) or error.problem_mark or error.context_mark
        if mark is None:
            return 1, 1
        end = _end(self._text)  # the parser puts it on a line after the last
        return (mark.line + 1, mark.column + 1) if mark.line < end[0] else end

    def _explain(self, error: yaml.MarkedYAMLError, line: int) -> str:
        message = " ".join(part for part in (error.problem, error.context) if part)
        if error.context_mark is not None and error.context_mark.line + 1 != line:
            message += f" that begins in line {error.context_mark.line + 1}"
        text = split_lines(self._text)[line - 1]
        if "\t" in text[: len(text) - len(text.lstrip())]:
            advice = "a tab stands in the indentation: use spaces"
        elif "${" in text and "flow" in message:
            advice = "put ${…} in quotes inside { } and [ ]"
        else:
            advice = next((advice for part, advice in _ADVICE if part in message), "")
        return f"not YAML: {advice} ({message})" if advice else f"not YAML: {message}"

    def _refuse(self, event: Any, message: str) -> ConfigError:
        mark = event.start_mark
        return ConfigError((Problem(self._file, mark.line + 1, mark.column + 1, message),))

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None and event.tag not in {"!", _STR_TAG}:
            message = f"the tag {event.tag} has no meaning here: remove it, or put the value in quotes"
            self._problem(event.start_mark, message)
        node: Node
        mark = event.start_mark
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            text = None if plain and event.value in _NULLS else event.value
            node = Scalar(text, plain, mark.line + 1, mark.column + 1)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(Sequence(mark.line + 1, mark.column + 1), events, depth)
        else:
            node = self._mapping(Mapping(mark.line + 1, mark.column + 1), events, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            message = f"*{event.anchor} refers to no &{event.anchor} above it: put the value in quotes, or define it"
            raise self._refuse(event, message)
        self._expanded += node.size
        if self._expanded > MAX_EXPANSION:
            raise self._refuse(event, f"the aliases up to here stand for more than {MAX_EXPANSION} values")
        return node

    def _sequence(self, node: Sequence, events: Iterator[Any], depth: int) -> Sequence:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            item = self._node(event, events, depth + 1)
            node.items.append(item)
            node.size += item.size
        return node

    def _mapping(self, node: Mapping, events: Iterator[Any], depth: int) -> Mapping:
        merges: list[Node] = []
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            node.size += key.size + value.size
            if not isinstance(key, Scalar):
                self._problem(event.start_mark, f"a key must be plain text, this is {type_names[type(key)]}")
            elif key.plain and key.text == "<<":
                merges.append(value)
            else:
                self._add(node, key, value)
        for merge in merges:
            self._merge(node, merge)
        return node

    def _add(self, node: Mapping, key: Scalar, value: Node) -> None:
        name = key.text or ""
        if name in node.entries:
            first = node.entries[name][0]
            message = f"the key {name!r} stands twice in one mapping, first in line {first.line}: remove one"
            self._problems.append(Problem(self._file, key.line, key.column, message))
        else:
            node.entries[name] = (key, value)

    def _merge(self, node: Mapping, merge: Node) -> None:
        """Keys of the mapping itself win over merged ones, an earlier merge over a later one."""
        for part in merge.items if isinstance(merge, Sequence) else [merge]:
            if not isinstance(part, Mapping):
                message = "<< takes a mapping, or a list of mappings"
                self._problems.append(Problem(self._file, part.line, part.column, message))
                continue
            for name, entry in part.entries.items():
                node.entries.setdefault(name, entry)

    def _problem(self, mark: Any, message: str) -> None:
        self._problems.append(Problem(self._file, mark.line + 1, mark.column + 1, message))
