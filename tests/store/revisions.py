"""The rows that a database holds at a schema revision, as the pipeline made them: `python tests/store/revisions.py`
writes those of the newest revision to revisions/REVISION.json. Run it with every migration that is added.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table, func, select, text

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from kit.feeds import Entry, FeedServer  # noqa: E402
from kit.system import START, System, settings  # noqa: E402

from alerts.model.answer import Answer, AnswerKind  # noqa: E402
from alerts.pipeline import operate, steps  # noqa: E402
from alerts.store.database import Database  # noqa: E402
from alerts.store.repositories import answers, sessions  # noqa: E402

FOLDER = Path(__file__).parent / "revisions"
Rows = dict[str, list[dict[str, Any]]]


def configuration(url: str) -> dict[str, Any]:
    """What the rows were made under. `url` is where the feeds are."""
    content = settings(
        {name: f"{url}/{name}" for name in ("wire", "acme-news")}, {"hook": "console://", "pager": "console://"}
    )
    content["subscribers"].append(
        {**content["subscribers"][0], "id": "reader", "digest": {"at": "08:00", "below": "critical"}}
    )
    return content


def _play(database: Database, folder: Path) -> None:
    """Two feeds, an edit, level changes up and down, messages sent and one that waits, work by hand."""
    with FeedServer() as feeds, System(database, folder / "config", configuration(feeds.url)) as made:
        first = Entry("a1", "Acme Networks hit by outage", "Nothing works.", "https://wire.example/a1", START)
        feeds.put("wire", [first])
        feeds.put("acme-news", [Entry("n1", "Our outage", "We work on it.", "https://acme.example/1", START)])
        made.run()
        feeds.put("wire", [Entry("a1", "Acme Networks hit by outage, court ruling", "", first.link, START)])
        made.run(hours=1)
        feeds.put(
            "wire", [Entry("b1", "Globex Corporation: court ruling", "", "https://wire.example/b", made.clock.at)]
        )
        made.run(hours=2)
        made.settle(days=30)
        feeds.put("acme-news", [Entry("n2", "Another outage", "", "https://acme.example/2", made.clock.at)])
        made.run(hours=1)
        operate.unsubscribe(made.runtime, "desk", "pager")
        with database.write() as session:
            answer = Answer(
                "x1", "", "reader", "hook", AnswerKind.MUTE, "acme", made.clock.at, days=7, who="reader of hook"
            )
            answers.add(session, [answer])
            sessions.begin(session, b"key", made.clock.at, person="ann@example.org", credential="x", groups=["desk"])
        feeds.put("wire", [Entry("c1", "Globex Corporation: outage", "", "https://wire.example/c", made.clock.at)])
        made.runtime.enqueue = lambda hints: None
        steps.poll_sources(made.runtime, "wire", due_only=False)[0]  # found and not assessed yet


def _tables(database: Database) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(database.engine)
    # The search index holds nothing of its own, and FTS5 keeps tables for it.
    return [each for each in metadata.sorted_tables if not each.name.startswith(("alembic_", "search"))]


def dump(database: Database) -> Rows:
    with database.engine.connect() as connection:
        return {
            table.name: [
                {name: _written(value) for name, value in row.items()}
                for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in _tables(database)
        }


def _written(value: Any) -> Any:
    return {"bytes": base64.b85encode(value).decode()} if isinstance(value, bytes) else value


def _read(value: Any) -> Any:
    return base64.b85decode(value["bytes"]) if isinstance(value, dict) else value


def fill(database: Database, rows: Rows) -> None:
    """Puts the rows into a database whose schema is theirs."""
    tables = _tables(database)
    with database.engine.begin() as connection:
        for table in tables:
            content = [{name: _read(value) for name, value in row.items()} for row in rows.get(table.name, ())]
            if content:
                connection.execute(table.insert(), content)
            if not database.is_sqlite and "id" in table.c and str(table.c.id.type) == "INTEGER":
                sequence = connection.scalar(text(f"SELECT pg_get_serial_sequence('{table.name}', 'id')"))
                if sequence and content:
                    connection.scalar(select(func.setval(sequence, max(row["id"] for row in content))))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/alerts.db")
        database.upgrade()
        _play(database, Path(folder))
        revision, rows = database.revision(), dump(database)
        database.dispose()
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{revision}.json"
    file.write_text(json.dumps(rows, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    print(file, {name: len(each) for name, each in rows.items()})


if __name__ == "__main__":
    main()
