"""docs/operations.md says every problem, log event, metric and variable that the program has, and no other."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from kit.compose import ROOT
from kit.system import START, System, settings, write

from alerts.feeds.state import FeedState
from alerts.insight.health import health
from alerts.model.subscriber import IncidentKind
from alerts.runtime.configuration import Files
from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.repositories import generations
from alerts.store.schema import CaseRow, DeliveryRow, SourceRow

PAGE = (ROOT / "docs" / "operations.md").read_text()
SOURCES = [*(ROOT / "src").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]


def section(heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


def rows(heading: str) -> dict[str, str]:
    """The tables of a section by the name in their first column."""
    return dict(re.findall(r"^\| `([\w.]+)`(?: \*)? \| (.*?) \|", section(heading), re.MULTILINE))


def test_every_log_event_is_there() -> None:
    events = {
        ast.literal_eval(node.args[0])
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "logs.event"
    }
    assert len(events) > 20
    assert set(rows("Logs")) == events


def test_every_metric_is_there(tmp_path: Path) -> None:
    from alerts.web.metrics import Metrics

    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    database.upgrade()
    town = System(database, tmp_path / "config")
    with database.read() as session:
        read = Metrics(town.runtime, session, town.now).collect()
    names = {each.name + ("_total" if each.type == "counter" else "") for each in read}
    database.dispose()
    assert set(rows("Metrics")) == names


def test_every_variable_is_there() -> None:
    read = {name for file in SOURCES for name in re.findall(r"\bALERTS_[A-Z_]+", file.read_text())}
    demo = {"ALERTS_DEMO_URL"}
    assert set(rows("Environment")) == {name for name in read if not name.endswith("_FILE")} - demo


def test_every_kind_of_incident_is_there() -> None:
    assert set(rows("Notifications for operators")) == {each.value for each in IncidentKind}


def patterns() -> dict[str, re.Pattern[str]]:
    """What `alerts status` can say, by how the page writes it."""
    written = re.findall(r"^> `(.*)`$", section("Runbook"), re.MULTILINE)
    return {each: re.compile(".+".join(re.escape(part) for part in each.split("…"))) for each in written}


def test_every_problem_that_status_can_print_has_its_place_in_the_runbook(tmp_path: Path) -> None:
    said = set()
    for ticking, once in ((True, False), (False, False), (False, True)):
        database = Database(f"sqlite:///{tmp_path / f'{ticking}-{once}'}.db")
        database.upgrade()
        config = write(tmp_path / "config", settings({}))
        (config / "alerts.yaml").write_text("nonsense: true")
        _break(database, ticking=ticking, once=once)
        with database.read() as session:
            said |= set(health(session, Files.of(config), START).problems)
        database.dispose()
    database = Database(f"sqlite:///{tmp_path / 'never'}.db")
    database.upgrade(START - timedelta(hours=1))
    with database.read() as session:
        said |= set(health(session, Files.of(config), START).problems)
    database.dispose()
    known = patterns()
    for problem in said:
        assert any(pattern.fullmatch(problem) for pattern in known.values()), problem
    for written, pattern in known.items():
        assert any(pattern.fullmatch(problem) for problem in said), written


def _break(database: Database, *, ticking: bool, once: bool) -> None:
    """Everything that can be wrong at once."""
    long_ago = START - timedelta(hours=27)
    gone = FeedState(stopped="stopped: gone, 5 times since 2026-01-01; remove the source").to_json()
    with database.write() as session:
        system_state.put(session, "tick", START if ticking else long_ago, {"once": once})
        for name, state in (("one", {}), ("two", gone)):
            session.add(
                SourceRow(
                    id=name,
                    url="",
                    active=True,
                    next_poll_at=long_ago,
                    error="no connection",
                    error_streak=3,
                    state=state,
                )
            )
        session.add(
            CaseRow(
                institution="acme", cursor=START, version=1, configuration="", axes={}, reporter={}, due_at=long_ago
            )
        )
        for at, host in ((-9, "one"), (-8, "two"), (-7, "one")):
            generations.add(
                session,
                content_hash=host,
                at=START + timedelta(minutes=at),
                host=f"{host}:/config",
                outline={},
                content=b"",
            )
        generations.keep_files_of(session, "two:/config", "two", START - timedelta(minutes=8))
        generations.keep_files_of(session, "two:/config", "two", START)
        for number, (delivery, due) in enumerate((("dead", None), ("pending", long_ago))):
            session.add(
                DeliveryRow(
                    id=str(number),
                    created_at=long_ago,
                    subscriber="desk",
                    channel="hook",
                    kind="alert",
                    at=long_ago,
                    message={"alerts": []},
                    state=delivery,
                    reason="",
                    due_at=due,
                    attempts=0,
                )
            )


@pytest.mark.parametrize("page", ["operations.md", "production.md", "security.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    for target in re.findall(r"\]\(([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        if file.startswith("http"):
            continue
        path = (ROOT / "docs" / file).resolve() if file else ROOT / "docs" / page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}, target
