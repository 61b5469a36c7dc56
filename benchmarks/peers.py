"""One run of a first fetch, in a process of its own: `peers.py WHAT …`; prints seconds and items as JSON.

`reader` runs under the interpreter of .venv/peers, the others under that of the project.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    what, *arguments = sys.argv[1:]
    run: Callable[[], int]
    if what == "reader":
        run = reader(*arguments)
    elif what == "feedparser":
        run = plain(*arguments)
    else:
        run = ours(*arguments, whole=what != "ours, store")
    wall, used = time.perf_counter(), time.process_time()
    items = run()
    wall, used = time.perf_counter() - wall, time.process_time() - used
    print(json.dumps({"wall": wall, "cpu": used, "items": items}))


def reader(base: str, sources: str, file: str, workers: str) -> Callable[[], int]:
    from reader import make_reader  # type: ignore[import-not-found, unused-ignore]

    library = make_reader(file)
    for number in range(int(sources)):
        library.add_feed(f"{base}/{number}")

    def run() -> int:
        library.update_feeds(workers=int(workers))
        return int(library.get_entry_counts().total)

    return run


def plain(base: str, sources: str) -> Callable[[], int]:
    from urllib.request import urlopen

    import feedparser

    def run() -> int:
        found = 0
        for number in range(int(sources)):
            with urlopen(f"{base}/{number}") as answer:
                found += len(feedparser.parse(answer.read()).entries)
        return found

    return run


def ours(config: str, folder: str, *, whole: bool) -> Callable[[], int]:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from alerts.runtime import gc_tuning
    from alerts.store.database import Database
    from alerts.store.repositories import items
    from benchmarks.inline import Inline

    gc_tuning.look_rarely()  # as the command does
    url = f"sqlite:///{folder}/alerts.db"
    made = Database(url)
    made.upgrade()
    made.dispose()
    line = Inline(Path(config), url)
    if not whole:
        line.runtime.enqueue = lambda _hints: None
        line.once.settle = lambda *_, **_release: None  # type: ignore[method-assign]

    def run() -> int:
        line.once.run(line.runtime, line.sources)
        with line.database.read() as session:
            return items.count(session)

    return run


if __name__ == "__main__":
    main()
