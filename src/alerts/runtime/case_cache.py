"""Case files in memory, so that an assessment need not read the history again."""

import threading
from collections import OrderedDict

from alerts.cases.case_file import CaseFile


class CaseCache:
    """Case files that this process has loaded, each valid for one version of its row. Thread-safe.

    Bounded by the items in them, which take up to 25 kB each; the newest stays, however large it is. A case file is
    taken out while it is used, so a failure leaves none half changed."""

    def __init__(self, items: int = 4_000) -> None:
        self._room = items
        self._cases: OrderedDict[str, tuple[tuple[int, str], CaseFile, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, institution: str, version: int, configuration: str) -> CaseFile | None:
        """The case file, if it is the one of this version under this configuration."""
        with self._lock:
            known = self._out(institution)
        return known[1] if known is not None and known[0] == (version, configuration) else None

    def put(self, institution: str, version: int, configuration: str, case: CaseFile) -> None:
        with self._lock:
            self._out(institution)
            size = max(1, case.size)
            self._cases[institution] = ((version, configuration), case, size)
            self._room -= size
            while self._room < 0 and len(self._cases) > 1:
                self._out(next(iter(self._cases)))

    def _out(self, institution: str) -> tuple[tuple[int, str], CaseFile, int] | None:
        known = self._cases.pop(institution, None)
        if known is not None:
            self._room += known[2]
        return known
