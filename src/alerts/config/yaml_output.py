"""Configuration that the program writes for a person to review: YAML text, ids made of names, the starter files."""

import re
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from alerts.model.errors import InputError

FIELDS = ("ai", "banks", "energy", "public-sector")  # in which `alerts init` has institutions and feeds
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class _Indented(yaml.SafeDumper):
    """Lists are indented as in the rest of the documentation, so that what is copied from there fits."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Text that would read as a variable (`${`) is escaped."""
        return super().represent_str(data.replace("${", "$${"))


_Indented.add_representer(str, _Indented.represent_str)


def to_yaml(section: str, entries: list[dict[str, Any]], comment: str) -> str:
    """A file of one section. `comment`: its first lines."""
    style: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 1000, "default_flow_style": None}
    return comment + str(yaml.dump({section: entries}, Dumper=_Indented, **style))


def one_line(text: str) -> str:
    """Without control characters, and white space as single blanks."""
    return " ".join(_CONTROL.sub(" ", text).split())


def printable(text: str) -> str:
    """Without characters that XML cannot carry."""
    return _CONTROL.sub("", text)


def slug(text: str) -> str:
    """An id made of a name: ASCII letters, digits and hyphens, at most 60 characters; empty where none are left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


def unique(name: str, taken: set[str]) -> str:
    """The name, with the first number that is free where it is taken; it is added to `taken`."""
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    free = next(each for each in names if each not in taken)
    taken.add(free)
    return free


def write_starter(directory: Path, field: str = FIELDS[0]) -> list[Path]:
    """Write the configuration of `alerts init` into a directory, which is made if need be; returns the paths.

    Raises InputError where it holds YAML already or cannot be written; then nothing is changed."""
    shared = files("alerts.config").joinpath("starter_files")
    starters = [each for each in (*shared.iterdir(), *shared.joinpath(field).iterdir()) if each.is_file()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        there = sorted(path.name for path in directory.iterdir() if path.suffix in {".yaml", ".yml"})
        if there:
            raise InputError(str(directory), f"holds {there[0]} already: choose an empty directory")
        written = []
        for starter in sorted(starters, key=lambda each: each.name):
            path = directory / starter.name
            path.write_text(starter.read_text(encoding="utf-8"), encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise InputError(str(directory), f"cannot be written: {error.strerror}") from None
    return written
