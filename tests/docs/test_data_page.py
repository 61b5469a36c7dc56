"""docs/data.md describes the SQL views as they are, its queries run, and its role reads the views alone."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest
from kit.system import System
from sqlalchemy import inspect, text

from alerts.store.database import Database

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
VIEWS = {
    name: re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    for name, section in re.findall(r"^### (v1_\w+)\n(.*?)(?=^##)", PAGE, re.DOTALL | re.MULTILINE)
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_view_is_described_with_its_columns_in_order(database: Database) -> None:
    views = inspect(database.engine)
    assert sorted(views.get_view_names()) == sorted(VIEWS)
    for name, columns in VIEWS.items():
        assert [each["name"] for each in views.get_columns(name)] == columns, name


def test_the_queries_run_and_find_something(database: Database, tmp_path: Path) -> None:
    with System(database, tmp_path) as made:
        made.observe("acme-news", "Acme outage in Rotterdam")
        made.later(minutes=5)
        made.observe("tribune", "Acme hit by outage in Rotterdam")
        queries = blocks("sql")
        assert len(queries) > 3
        with database.engine.connect() as connection:
            for query in queries:
                assert connection.execute(text(query)).all(), query
            (moved,) = connection.execute(text("SELECT DISTINCT at FROM v1_transitions WHERE axis = 'priority'"))
    at = moved.at if isinstance(moved.at, str) else moved.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert at == "2026-03-02T09:00:00.000000Z"


@pytest.mark.servers
def test_the_role_reads_the_views_and_no_table(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.upgrade()
    database.dispose()
    (statements,) = blocks("postgresql")
    for view in VIEWS:
        assert view in statements
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        for statement in statements.split(";\n"):
            owner.execute(statement.encode())
        try:
            with psycopg.connect(postgres_url, user="alerts_reader", autocommit=True) as reader:
                for view in VIEWS:
                    reader.execute(f"SELECT * FROM {view}".encode())
                for table in ("configurations", "deliveries", "desks"):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        reader.execute(f"SELECT * FROM {table}".encode())
                with pytest.raises(psycopg.Error):
                    reader.execute("DELETE FROM v1_sources")
        finally:
            owner.execute("DROP OWNED BY alerts_reader; DROP ROLE alerts_reader")
