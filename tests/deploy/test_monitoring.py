"""Rules and dashboard ask for metrics that a running system exports, with labels that they have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from kit.browsing import opened
from kit.compose import ROOT
from kit.system import System
from prometheus_client.parser import text_string_to_metric_families

from alerts.model.subscriber import IncidentKind
from alerts.store.database import Database

PROMETHEUS = ROOT / "deploy" / "prometheus"
ALL_RULES = [
    rule for group in yaml.safe_load((PROMETHEUS / "alerts.rules.yml").read_text())["groups"] for rule in group["rules"]
]
RULES = [rule for rule in ALL_RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in ALL_RULES if "record" in rule}
BOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())
PANELS: list[dict[str, Any]] = BOARD["panels"]
EXPRESSIONS = [rule["expr"] for rule in ALL_RULES] + [target["expr"] for panel in PANELS for target in panel["targets"]]

KEYWORDS = {"and", "or", "unless", "on", "by", "ignoring", "offset", "bool"}
FUNCTIONS = {"sum", "rate", "max", "absent", "min_over_time"}
TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*")|(?P<span>\[\d+[smhd]\])|(?P<number>\d+(?:\.\d+)?(?:[smhd]\b)?)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?P<sign>==|!=|>=|<=|=~|!~|[-+*/<>=(){},]))""",
    re.VERBOSE,
)


def tokens(expression: str) -> list[tuple[str, str]]:
    found = []
    at = 0
    expression = expression.strip()
    while at < len(expression):
        match = TOKEN.match(expression, at)
        assert match, f"{expression!r} at {expression[at:]!r}"
        assert match.lastgroup
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def selectors(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each metric with the labels that are asked of it. Fails where it is no sound expression."""
    listed = tokens(expression)
    depth: list[str] = []
    pairs = {")": "(", "}": "{"}
    for at, (kind, value) in enumerate(listed):
        following = listed[at + 1][1] if at + 1 < len(listed) else ""
        if kind == "sign" and value in "({":
            depth.append(value)
        elif kind == "sign" and value in pairs:
            assert depth, expression
            assert depth.pop() == pairs[value], expression
        elif kind == "name" and "{" in depth:
            assert following in {"=", "!=", "=~", "!~"}, expression
        elif kind == "name" and value in FUNCTIONS:
            assert following in {"(", "by"}, expression
        elif kind == "name" and value not in KEYWORDS and not (depth and _is_list(listed, at)):
            end = next((i for i in range(at, len(listed)) if listed[i][1] == "}"), at)
            inside = listed[at + 2 : end] if following == "{" else []
            names = [i for i, (which, _) in enumerate(inside) if which == "name"]
            assert all(i + 2 < len(inside) for i in names), expression
            asked = {inside[i][1]: inside[i + 2][1].strip('"') for i in names}
            yield value, asked
    assert depth == [], expression


def _is_list(listed: list[tuple[str, str]], at: int) -> bool:
    """Whether the name stands in the list of `by (…)` or `on (…)`."""
    opened_at = max(i for i in range(at) if listed[i][1] == "(")
    return listed[opened_at - 1][1] in {"by", "on", "ignoring"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    """The samples of a system that has told of something: label sets by name."""
    directory: Path = tmp_path_factory.mktemp("exported")
    database = Database(f"sqlite:///{directory / 'alerts.db'}")
    database.upgrade()
    town: System = System(database, directory / "config")
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    town.settle()
    with opened(town) as client:
        page = client.get("/metrics").text
    database.dispose()
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_sound_and_asks_for_what_there_is(
    expression: str, exported: dict[str, list[dict[str, str]]]
) -> None:
    asked = list(selectors(expression))
    assert asked
    for name, labels in asked:
        if name in RECORDED:
            continue
        assert name in exported
        for label, value in labels.items():
            assert all(label in each for each in exported[name]), (name, label)
            if label in {"quantile", "kind"}:  # these have all their values at all times
                assert value in {each[label] for each in exported[name]}, (name, label, value)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_several_replicas_of_the_pages_count_once(expression: str) -> None:
    """Every series stands within max or absent: each replica reports the whole, so that adding them up would lie."""
    listed = tokens(expression)
    enclosing: list[str] = []
    for at, (kind, value) in enumerate(listed):
        if (kind, value) == ("sign", "("):
            before = listed[at - 1][1] if at else ""
            if before == ")":  # of `max by (…)`
                start = max(i for i in range(at - 1) if listed[i][1] == "(")
                before = listed[start - 2][1]
            enclosing.append(before)
        elif (kind, value) == ("sign", ")"):
            enclosing.pop()
        elif kind == "name" and value.startswith("alerts_"):
            assert {"max", "absent"} & set(enclosing), value


def test_the_tests_of_the_rules_see_each_fire_and_stay_silent() -> None:
    groups = yaml.safe_load((PROMETHEUS / "alerts.rules.test.yml").read_text())["tests"]
    cases = [(case["alertname"], bool(case.get("exp_alerts"))) for each in groups for case in each["alert_rule_test"]]
    assert set(cases) == {(rule["alert"], fires) for rule in RULES for fires in (True, False)}


@pytest.mark.slow
def test_the_rules_pass_their_tests() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: the tests of the Prometheus rules are not run")
    done = subprocess.run(
        [promtool, "test", "rules", PROMETHEUS / "alerts.rules.test.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_no_expression_is_noticed() -> None:
    for wrong in ("sum(alerts_sources", "alerts_sources{kind}", "rate", "alerts_sources ! 3", "sum)alerts_x("):
        with pytest.raises(AssertionError):
            list(selectors(wrong))


def test_every_metric_of_the_program_is_on_the_dashboard(exported: dict[str, list[dict[str, str]]]) -> None:
    shown = {name for panel in PANELS for each in panel["targets"] for name, _ in selectors(each["expr"])}
    assert {name for name in exported if name.startswith("alerts_")} == shown


def test_every_kind_of_incident_is_a_metric(exported: dict[str, list[dict[str, str]]]) -> None:
    assert {each["kind"] for each in exported["alerts_incidents"]} == set(IncidentKind)


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_a_rule_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Alerts[A-Z][A-Za-z]+", rule["alert"])
    assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
    assert set(rule["labels"]) == {"severity"}
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert set(rule["annotations"]) == {"summary", "runbook"}
    summary = rule["annotations"]["summary"]
    assert summary.count("{{") == summary.count("}}")
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_rules_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= BOARD.keys()
    assert "id" not in BOARD  # an imported dashboard gets its own
    (variable,) = BOARD["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    for panel in PANELS:
        assert panel["type"] in {"stat", "timeseries"}
        assert panel["title"]
        assert panel["description"]
        for each in (panel, *panel["targets"]):
            assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_no_panel_covers_another() -> None:
    for one, other in combinations([panel["gridPos"] for panel in PANELS], 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in PANELS)
