"""The description of the JSON interface, as OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from alerts.model.alert import AlertState
from alerts.model.institution import Criticality
from alerts.model.level import Axis, Cause, Level
from alerts.model.profile import CoverageState, Trend
from alerts.model.source import Reliability
from alerts.model.story import Mix
from alerts.model.subscriber import On
from alerts.model.topic import Signal
from alerts.web.institutions import SORTS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHARE: Schema = {"type": "number"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_YES: Schema = {"type": "boolean"}


def document(server: str) -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Institution alerts",
            "version": version("institution-alerts"),
            "description": "What is known of tracked institutions. How much an answer holds depends on the tier of "
            "whoever asks: hidden values are null or empty, as they are where nothing is known.",
        },
        "servers": [{"url": server}],
        "security": [{}, {"bearer": []}, {"key": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "query", "name": "key"},
            },
            "schemas": _schemas(),
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _or_null(of: Schema) -> Schema:
    if "$ref" in of:
        return {"anyOf": [of, {"type": "null"}]}
    return {**of, "type": [of["type"], "null"]} | ({"enum": [*of["enum"], None]} if "enum" in of else {})


def _enum(values: Any) -> Schema:
    return {"type": "string", "enum": [each.value for each in values]}


def _object(**properties: Schema) -> Schema:
    """An object that has each of these keys and no other. A trailing underscore is left out of a key."""
    named = {name.removesuffix("_"): schema for name, schema in properties.items()}
    return {"type": "object", "properties": named, "required": list(named), "additionalProperties": False}


def _kind(name: str) -> Schema:
    return {"type": "string", "const": name}


def _schemas() -> dict[str, Schema]:
    return {**_parts(), **_answers()}


def _parts() -> dict[str, Schema]:
    """What answers are made of, and the profile, which is one."""
    level, axis, signal = _enum(Level), _enum(Axis), _enum(Signal)
    contribution = _object(
        story=_TEXT,
        title=_TEXT,
        topics=_list(_TEXT),
        severity=_SHARE,
        confidence=_SHARE,
        grade=_TEXT,
        salience=_SHARE,
        criticality=_SHARE,
        age_s=_SHARE,
        contribution=_SHARE,
    )
    transition = _object(
        kind=_kind("transition"),
        at=_TIME,
        institution=_TEXT,
        axis=axis,
        from_=level,
        to=level,
        score=_or_null(_SHARE),
        cause=_enum(Cause),
        contributions=_list(_ref("Contribution")),
    )
    statement = _object(
        text=_TEXT, evidence=_list(_COUNT), at=_TIME, story=_or_null(_TEXT), resolved={"type": "boolean"}
    )
    line = _object(topic=_TEXT, signal=signal, stories=_COUNT, statement=_ref("Statement"))
    row = _object(
        axis=axis,
        horizon=_TEXT,
        level=level,
        score=_or_null(_SHARE),
        trend=_or_null(_enum(Trend)),
        since=_or_null(_TIME),
        next_fall=_or_null(_TIME),
        stories=_list(_TEXT),
        evidence=_list(_COUNT),
    )
    source_record = _object(
        number=_COUNT,
        story=_TEXT,
        item=_TEXT,
        source=_TEXT,
        publisher=_TEXT,
        reliability=_enum(Reliability),
        direct=_YES,
        title=_TEXT,
        url=_or_null(_TEXT),
        published=_or_null(_TIME),
        observed=_TIME,
    )
    report = _object(
        item=_TEXT,
        title=_TEXT,
        url=_or_null(_TEXT),
        source=_TEXT,
        publisher=_TEXT,
        reliability=_enum(Reliability),
        direct=_YES,
        published=_or_null(_TIME),
        observed=_TIME,
        salience=_SHARE,
        revisions=_COUNT,
    )
    return {
        "Error": _object(error=_TEXT),
        "Contribution": contribution,
        "Transition": transition,
        "Statement": statement,
        "SignalLine": line,
        "MatrixRow": row,
        "SourceRecord": source_record,
        "Report": report,
        "Profile": _profile(level, axis, signal),
    }


def _answers() -> dict[str, Schema]:
    level = _enum(Level)
    return {
        "Institutions": _object(
            kind=_kind("institutions"),
            found=_COUNT,
            page=_COUNT,
            pages=_COUNT,
            institutions=_list(
                _object(
                    institution=_TEXT,
                    name=_TEXT,
                    category=_TEXT,
                    region=_TEXT,
                    tags=_list(_TEXT),
                    impact=level,
                    levels=_object(**{each.value: level for each in Axis}),
                    stories=_COUNT,
                    newest_change=_or_null(_ref("Transition")),
                )
            ),
        ),
        "Changes": _object(kind=_kind("changes"), institution=_TEXT, changes=_list(_ref("Transition"))),
        "Stories": _object(
            kind=_kind("stories"),
            institution=_TEXT,
            stories=_list(
                _object(
                    story=_TEXT,
                    institution=_TEXT,
                    title=_TEXT,
                    grade=_TEXT,
                    confidence=_SHARE,
                    mix=_enum(Mix),
                    reports=_COUNT,
                    publishers=_COUNT,
                    topics=_list(_TEXT),
                    first=_TIME,
                    newest=_TIME,
                )
            ),
        ),
        "Story": _object(
            kind=_kind("story"),
            story=_TEXT,
            institution=_TEXT,
            title=_TEXT,
            confidence=_SHARE,
            grade=_TEXT,
            mix=_enum(Mix),
            topics=_list(_TEXT),
            first=_TIME,
            newest=_TIME,
            merged_into=_or_null(_TEXT),
            publishers=_list(
                _object(
                    weight=_SHARE, reports=_list(_ref("Report")), merged=_list(_object(a=_TEXT, b=_TEXT, reason=_TEXT))
                )
            ),
            withdrawn=_list(_ref("Report")),
            events=_list(_object(at=_TIME, kind=_TEXT, other=_TEXT, score=_SHARE, why=_TEXT)),
            omitted=_COUNT,
        ),
        "Alerts": _object(
            kind=_kind("alerts"),
            subscriber=_TEXT,
            alerts=_list(
                _object(
                    kind=_kind("alert"),
                    id=_TEXT,
                    at=_TIME,
                    subscriber=_TEXT,
                    channel=_TEXT,
                    institution=_TEXT,
                    on=_enum(On),
                    transition=_or_null(_ref("Transition")),
                    state=_enum(AlertState),
                    reason=_TEXT,
                )
            ),
        ),
        "Explanation": {
            "type": "object",
            "required": ["kind", "alert", "transition", "level", "stories", "routing", "deliveries"],
            "properties": {
                "kind": _kind("explanation"),
                "alert": {"type": "object"},
                "transition": {"type": ["object", "null"]},
                "level": {"type": ["object", "null"]},
                "stories": _list({"type": "object"}),
                "routing": {"type": ["object", "null"]},
                "deliveries": _list({"type": "object"}),
            },
        },
        "WhyNot": {
            "type": "object",
            "required": ["kind", "at", "subscriber", "institution", "rules", "alerts", "axes", "rejected"],
            "properties": {
                "kind": _kind("why-not"),
                "at": _TIME,
                "subscriber": _TEXT,
                "institution": _TEXT,
                "rules": _list({"type": "object"}),
                "alerts": _list({"type": "object"}),
                "stories": _COUNT,
                "coverage": {"type": "object"},
                "axes": _list({"type": "object"}),
                "rejected": _list({"type": "object"}),
            },
        },
        "Status": {
            "type": "object",
            "required": ["kind", "healthy", "problems"],
            "properties": {"kind": _kind("status"), "healthy": _YES, "problems": _list(_TEXT)},
        },
    }


def _profile(level: Schema, axis: Schema, signal: Schema) -> Schema:
    confidence = _object(number=_or_null(_SHARE), grade=_TEXT, mix=_enum(Mix))
    governance = _object(criticality=_enum(Criticality), horizon=_TEXT, signals=_list(_ref("SignalLine")))
    brief = _object(also_known_as=_list(_TEXT), products=_list(_TEXT), domains=_list(_TEXT), tags=_list(_TEXT))
    return _object(
        kind=_kind("profile"),
        at=_TIME,
        institution=_TEXT,
        name=_TEXT,
        category=_TEXT,
        region=_TEXT,
        signal_focus=_or_null(signal),
        primary_domain=_TEXT,
        topic=_or_null(_TEXT),
        impact=level,
        confidence=_or_null(confidence),
        coverage=_object(state=_enum(CoverageState), sources=_COUNT, failing=_list(_TEXT), since=_or_null(_TIME)),
        counts=_object(stories=_COUNT, reports=_COUNT, publishers=_COUNT, direct=_COUNT),
        headline={"anyOf": [_ref("Statement"), {"type": "null"}]},
        key_points=_list(_ref("Statement")),
        what_happened=_list(_ref("Statement")),
        entity_brief=_or_null(brief),
        service_surface=_list(_ref("SignalLine")),
        governance_surface=_or_null(governance),
        matrix=_list(_ref("MatrixRow")),
        relations=_list(_object(kind=_TEXT, to=_TEXT, name=_TEXT)),
        relationship_signals=_list(_ref("SignalLine")),
        evidence=_list(_ref("SourceRecord")),
        contributions=_list(_object(axis=axis, stories=_list(_ref("Contribution")))),
        history=_list(_ref("Transition")),
    )


def _paths() -> dict[str, Any]:
    at = _query("at", "As of then: RFC 3339, or a duration before now. For the leadership alliance.")
    limit = _query("limit", "At most so many, the newest.", {"type": "integer", "minimum": 1, "maximum": 200})
    filters = [
        _query("tag", "With this tag."),
        _query("region", "Of this region."),
        _query("category", "Of this category."),
        _query("level", "With a level at least this high.", _enum(Level)),
        _query("q", "With this text in a name."),
        _query("sort", "The order.", {"type": "string", "enum": list(SORTS)}),
        _query("page", "From 1; there are 50 on each.", {"type": "integer", "minimum": 1}),
    ]
    rule = _query("rule", "Only those of this watch rule, from 1.", {"type": "integer", "minimum": 1})
    listed = {
        "/api/institutions": _get("All institutions with their levels.", "Institutions", filters),
        "/api/institutions/{institution}": _get("The profile of an institution.", "Profile", [at]),
        "/api/institutions/{institution}/changes": _get("Its level changes, newest first.", "Changes", [limit]),
        "/api/institutions/{institution}/stories": _get("Its stories, newest first.", "Stories", [limit]),
        "/api/stories/{story}": _get("A story: who reported it, what counts once.", "Story", []),
        "/api/alerts/{alert}": _get("Why an alert fired.", "Explanation", []),
        "/api/subscribers/{subscriber}/alerts": _get("A subscriber's alerts.", "Alerts", [rule, limit]),
        "/api/subscribers/{subscriber}/why-not/{institution}": _get(
            "Why a subscriber hears, or does not hear, of an institution.", "WhyNot", []
        ),
        "/api/status": _get("The state of the system, for operators.", "Status", []),
    }
    for path, item in listed.items():
        for name in re.findall(r"{(\w+)}", path):
            known = {"name": name, "in": "path", "required": True, "schema": _TEXT}
            item["get"]["parameters"] = [known, *item["get"]["parameters"]]
    return listed


def _query(name: str, description: str, schema: Schema | None = None) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema or _TEXT}


def _get(summary: str, schema: str, parameters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    def answered(description: str, name: str) -> dict[str, Any]:
        return {"description": description, "content": {"application/json": {"schema": _ref(name)}}}

    return {
        "get": {
            "summary": summary,
            "parameters": parameters,
            "responses": {
                "200": answered("As far as the tier may see it.", schema),
                "400": answered("A parameter cannot be understood.", "Error"),
                "403": answered("Not for this tier, or a link that is not good any more.", "Error"),
                "404": answered("There is no such thing.", "Error"),
                "503": answered("Too many ask at once, or the database does not answer.", "Error"),
            },
        }
    }
