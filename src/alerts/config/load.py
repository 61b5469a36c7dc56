"""From a directory of YAML to `Settings`, or to every problem in it at once."""

from dataclasses import dataclass
from pathlib import Path

from alerts.config.build import build
from alerts.config.checks import check
from alerts.config.document import Document, Entries, Entry
from alerts.config.files import Contents, Outline, content_hash, outline, read_files, shown
from alerts.config.schema import ENTRIES, SINGLE
from alerts.config.tree import Mapping, Scalar, Sequence, parse, type_names
from alerts.config.validate import validate
from alerts.model.errors import ConfigError, Problem, did_you_mean
from alerts.model.settings import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration with the entries it was made from, which know their places, and what they amount to."""

    settings: Settings
    entries: Entries
    outline: Outline


def fingerprint(directory: Path) -> str:
    """The `hash` that the settings of this directory would have, without parsing it.

    Raises ConfigError where the directory or a file cannot be read."""
    contents, problems = read_files(directory)
    if problems:
        raise ConfigError(tuple(sorted(problems)))
    return content_hash(contents)


def load_entries(directory: Path) -> Loaded:
    """The configuration in a directory. Raises ConfigError with all problems, in the order of files and lines."""
    contents, problems = read_files(directory)
    return load_contents(directory, contents, tuple(problems))


def load_contents(directory: Path, contents: Contents, unreadable: tuple[Problem, ...] = ()) -> Loaded:
    """The configuration of files that were read elsewhere; messages name them as if they were in the directory.

    `unreadable` are files beside them that could not be read. Raises ConfigError as `load_entries` does."""
    problems = [*unreadable]
    documents = []
    for name, raw in contents:
        try:
            documents.append(_document(shown(directory / name), raw))
        except ConfigError as error:
            problems += error.problems
    entries = Entries()
    for document in documents:
        _read_sections(document, entries)
    if len(documents) == len(contents):  # what a file that is no YAML defines would be missed everywhere else
        check(entries)
    problems += [problem for document in documents for problem in document.problems]
    if problems:
        raise ConfigError(tuple(sorted(set(problems))))  # an anchored value is wrong wherever it is used
    return Loaded(build(entries, content_hash(contents)), entries, outline(directory, contents, entries))


def _document(file: str, raw: bytes) -> Document:
    """The document of a file, which may be empty. Raises ConfigError where nothing can be read from it."""
    root, problems = parse(raw, file)
    if root is None or (isinstance(root, Scalar) and root.text is None):
        root = Mapping(1, 1)
    if not isinstance(root, Mapping):
        message = f"a file holds a mapping of {', '.join(ENTRIES)}, not {type_names[type(root)]}"
        raise ConfigError((*problems, Problem(file, root.line, root.column, message)))
    return Document(file, root, problems)


def _read_sections(document: Document, entries: Entries) -> None:
    for section, (_, node) in document.root.entries.items():
        whole, found = Entry(document, (section,)), entries.by_section.setdefault(section, [])
        if section.startswith("x-"):  # a place for anchors
            continue
        if section not in ENTRIES:
            suggestion = did_you_mean(section, list(ENTRIES))
            message = f"unknown key {section!r}{suggestion} (known: {', '.join(ENTRIES)})"
            whole.report(message=message, at_key=True)
        elif isinstance(node, Scalar) and node.text is None:
            continue  # a section whose entries are all commented out
        elif section in SINGLE:
            found.append(validate(whole, ENTRIES[section]))
        elif isinstance(node, Sequence):
            each = (Entry(document, (section, index)) for index in range(len(node.items)))
            found += [validate(entry, ENTRIES[section]) for entry in each]
        else:
            whole.report(message=f"{section}: write a list, `- ` before each entry, not {type_names[type(node)]}")
