"""`${NAME}` and `${file:/path}` in values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_MARK = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LARGEST_SECRET: Final = 65_536


class Interpolator:
    """Replaces marks by the environment and by secret files. A message names the mark, never the secret."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._files: dict[str, str] = {}

    def resolve(self, text: str) -> str:
        """The text with every mark replaced; `$${` stands for a literal `${`.

        Raises ValueError, saying what to do, for a mark that cannot be replaced.
        """
        return _MARK.sub(self._replace, text) if "${" in text else text

    def _replace(self, mark: re.Match[str]) -> str:
        if mark[0] == "$${":
            return "${"
        inside = mark[1]
        if inside is None:
            raise ValueError("${ without }: write ${NAME}, or $${ for a literal ${")
        if inside.startswith("file:"):
            return self._file(inside.removeprefix("file:"))
        if not _NAME.fullmatch(inside):
            raise ValueError(f"{mark[0]} names no variable: write ${{NAME}}, or $${{ for a literal ${{")
        if inside not in self._environ:
            raise ValueError(f"the environment variable {inside} is not set: set it, or remove {mark[0]}")
        return self._environ[inside]

    def _file(self, name: str) -> str:
        if name not in self._files:
            self._files[name] = _read_secret(name)
        return self._files[name]


def _read_secret(name: str) -> str:
    path = Path(name)
    if not path.is_absolute():
        raise ValueError(f"${{file:{name}}} needs an absolute path")
    try:
        if not path.is_file():
            raise ValueError(f"the secret file {name} does not exist or is no regular file")
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST_SECRET + 1)
    except OSError as error:
        raise ValueError(f"the secret file {name} cannot be read: {error.strerror}") from None
    if len(raw) > _LARGEST_SECRET:
        raise ValueError(f"the secret file {name} is larger than {_LARGEST_SECRET} bytes")
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"the secret file {name} is not UTF-8") from None
    if not text:
        raise ValueError(f"the secret file {name} is empty")
    return text
