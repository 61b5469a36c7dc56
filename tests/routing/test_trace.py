"""The answer to "why" and "why not", step by step."""

from __future__ import annotations

import json

from kit.routing import Office, build, level_event, rule

from alerts.cli.output import rendered
from alerts.routing.alerts import explanation_record
from alerts.routing.events import InstitutionEvent


def said(desk: Office, event: InstitutionEvent) -> list[str]:
    record = explanation_record(desk.router.explain(event, event.at), "desk")
    return [line.strip() for line in rendered("routing.txt.j2", {"routing": record, "pad": ""}).splitlines()]


def test_the_lines_go_from_the_rules_to_what_held_it_back() -> None:
    desk = build(rule("bolt"), rule(direction="fall"), rule(), digest="08:00")
    lines = said(desk, level_event("10:00", "low>medium"))
    assert lines[:2] == [
        "rule 1: level of bolt, at least medium, rising or falling for mail: does not match policy low → medium",
        "- institution: the rule does not select acme",
    ]
    assert any("falling for mail: does not match the rise, will report its fall" in line for line in lines)
    assert "- direction: the rule wants fall, this is a rise" in lines
    assert "rule 3: level of acme, at least medium, rising or falling for mail: matches policy low → medium" in lines
    assert "mail: digest (digest) lower than high, waits until 2026-03-03T08:00:00Z" in lines
    assert any(line.startswith("+ not held back by: ") and "silence" in line for line in lines)
    assert lines[-1] == "- digest: lower than high, waits until 2026-03-03T08:00:00Z"


def test_an_institution_that_is_no_longer_configured_is_noted() -> None:
    desk = build(rule(at_least="critical"))
    lines = said(desk, level_event("10:00", "low>high"))
    assert lines[-1] == "- at_least: it reaches high, the rule wants critical"
    gone = level_event("10:00", "low>high", institution="gone")
    assert explanation_record(desk.router.explain(gone, gone.at), "desk")["note"] == "gone is not configured"


def test_the_record_is_json_and_says_the_same() -> None:
    desk = build()
    event = level_event("10:00", "high>low")
    record = json.loads(json.dumps(explanation_record(desk.router.explain(event, event.at), "desk")))
    assert record["rules"][0]["matched"] is True
    assert [(each["channel"], each["state"], each["reason"]) for each in record["channels"]] == [
        ("mail", "suppressed", "rise-not-told")
    ]
    assert record["channels"][0]["steps"][-1] == {
        "name": "rise-not-told",
        "passed": False,
        "detail": "the channel was notified of no rise",
    }
