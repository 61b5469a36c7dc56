"""What machines ask."""

from __future__ import annotations

from pathlib import Path

from kit.browsing import OPERATOR, Browser, opened
from kit.system import System
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, text, update
from starlette.testclient import TestClient

from alerts.pipeline import steps
from alerts.store import system_state
from alerts.store.schema import FactRow, SourceRow


def numbers(page: str) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(page):
        assert family.documentation, family.name
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_metrics_count_what_the_database_holds(town: System, browser: Browser) -> None:
    client = browser()
    found = numbers(client.get("/metrics").text)
    assert found["alerts_sources"] == 3
    assert found["alerts_config_refused"] == 0
    assert found["alerts_deliveries{reason=accepted,state=sent}"] == len(town.deliveries("sent"))
    assert found["alerts_transitions_total"] > 0
    assert found["alerts_institutions"] == 2
    assert found["alerts_dwell_messages"] == len(town.deliveries("sent"))
    assert 0 <= found["alerts_dwell_seconds{quantile=0.5}"] <= found["alerts_dwell_seconds{quantile=0.99}"]
    assert found["alerts_overdue{kind=polls}"] >= 0
    town.later(hours=2)
    (town.runtime.configuration.directory / "alerts.yaml").write_text("sources: 3", encoding="utf-8")
    town.look_again()
    later = numbers(client.get("/metrics").text)
    assert later["alerts_config_refused"] == 1
    assert later["alerts_poll_lag_seconds"] >= 7000
    assert later["alerts_tick_age_seconds"] >= 7200
    assert later["alerts_dwell_messages"] == 0


def test_metrics_name_nobody(browser: Browser) -> None:
    page = browser().get("/metrics").text
    for name in ("acme", "globex", "tribune", "desk", "board"):
        assert name not in page


def test_a_living_process_says_so_whatever_else_is_wrong(town: System, browser: Browser) -> None:
    with town.runtime.database.write() as session:
        session.execute(text("DROP TABLE facts"))
    client = browser()
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").status_code == 503


def test_ready_while_the_system_does_its_work(town: System, browser: Browser) -> None:
    client = browser()
    with town.runtime.database.write() as session:
        session.execute(update(SourceRow).values(last_success_at=town.now, next_poll_at=town.now))
    steps.tick(town.runtime)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"healthy": True, "problems": 0})
    town.later(minutes=5)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert set(answer.json()) == {"healthy", "problems"}, "what is wrong is for operators"
    told = client.get("/readyz", headers={"Authorization": f"Bearer {OPERATOR}"}).json()
    assert any("no tick" in each for each in told["problems"])


def test_not_ready_where_nothing_ever_ticked(town: System, browser: Browser) -> None:
    with town.runtime.database.write() as session:
        session.execute(delete(FactRow))
        system_state.record_creation(session.connection(), town.now)
    client = browser()
    town.later(minutes=1)
    assert numbers(client.get("/metrics").text)["alerts_tick_age_seconds"] == 60
    assert not any("tick" in each for each in _problems(client))
    town.later(minutes=4)
    assert numbers(client.get("/metrics").text)["alerts_tick_age_seconds"] == 300
    assert client.get("/readyz").status_code == 503
    assert any("no tick yet, 5m after the database was made" in each for each in _problems(client))


def _problems(client: TestClient) -> list[str]:
    told = client.get("/readyz", headers={"Authorization": f"Bearer {OPERATOR}"}).json()
    return [str(each) for each in told["problems"]]


def test_a_refused_edit_is_unhealthy_but_no_probe_reads_the_files_itself(town: System, browser: Browser) -> None:
    configuration = town.runtime.configuration
    client = browser(operator=True)

    def refused() -> bool:
        town.later(minutes=1)  # else the last answer is given again
        told = client.get("/readyz").json()
        assert told["configuration"] == (configuration.files.hash or None)
        return any("configuration refused" in each for each in told["problems"])

    assert not refused()
    (configuration.directory / "alerts.yaml").write_text("sources: 3", encoding="utf-8")
    configuration._looked = float("inf")  # reading a large one takes seconds
    assert not refused()
    configuration._looked = float("-inf")
    assert refused()


def test_a_database_that_does_not_answer_is_said(town: System, tmp_path: Path) -> None:
    with opened(town) as client:
        assert client.get("/").status_code == 200
        town.runtime.database.dispose()
        for file in tmp_path.glob("alerts.db*"):
            file.unlink()
        (tmp_path / "alerts.db").mkdir()
        answer = client.get("/")
        assert answer.status_code == 503
        assert "does not answer" in answer.text
        assert client.get("/api/institutions").json() == {"error": "The database does not answer."}
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_files_of_ours_are_cached(browser: Browser) -> None:
    client = browser()
    for name, kind in (("style.css", "text/css"), ("page.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        answer = client.get(f"/static/{name}")
        assert answer.headers["content-type"].startswith(kind)
        assert "public" in answer.headers["cache-control"]
        again = client.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
