"""The errors of the program, all under one root.

    AlertsError
    ├── ConfigError        the configuration is wrong; carries every problem found
    ├── UsageError         the command was called wrongly
    ├── InputError         one record of an input file cannot be used
    ├── NotFoundError      an id that does not exist
    ├── FeedError          a page or a feed that a person asked for cannot be read
    ├── StoreError         the database refused (store/)
    └── DeliveryError      a message could not be rendered or sent (channels/)

Each message is one line that says what, where and what to do. Attributes are plain values and every class
survives pickling, because Celery pickles what a task raises."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class AlertsError(Exception):
    """Root of all errors that a person can cause or must know of."""

    exit_status = 1


class UsageError(AlertsError):
    """The command line cannot be understood."""

    exit_status = 2


class InputError(AlertsError):
    """A record of an input is unusable. `where` names the record, for example ``items.jsonl:12``."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where, problem)
        self.where = where
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


class NotFoundError(AlertsError):
    """Nothing of this kind has this id."""

    def __init__(self, kind: str, key: str, hint: str = "") -> None:
        super().__init__(kind, key, hint)
        self.kind = kind
        self.key = key
        self.hint = hint

    def __str__(self) -> str:
        return f"no {self.kind} {self.key!r}" + (f": {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong (or doubtful) in the configuration, where it stands."""

    file: str
    line: int
    column: int
    message: str
    warning: bool = False

    def __str__(self) -> str:
        kind = "warning: " if self.warning else ""
        return f"{self.file}:{self.line}:{self.column}: {kind}{self.message}"


class ConfigError(AlertsError):
    """The configuration was refused; `problems` holds all of them, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class FeedError(AlertsError):
    """A page or a feed that was requested by a command cannot be read."""


class StoreError(AlertsError):
    """The database cannot be used."""


class DeliveryError(AlertsError):
    """A message cannot be rendered or handed to a channel."""


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """The end of a message about a mistyped name: `; did you mean 'x'?`, or nothing."""
    if len(known) > 1_000 or len(word) > 100:  # comparing with very many takes too long
        return ""
    folded = {each.casefold(): each for each in known}
    close = get_close_matches(word.casefold(), folded, n=1)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""
