"""The description of the JSON interface, as OpenAPI 3.1, from openapi.yaml and the enumerations of the model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final

import yaml

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

_ENUMERATIONS: Final = (AlertState, Axis, Cause, CoverageState, Criticality, Level, Mix, On, Reliability, Signal, Trend)
_WORDS: Final[Mapping[str, Schema]] = {
    "text": {"type": "string"},
    "count": {"type": "integer", "minimum": 0},
    "from_1": {"type": "integer", "minimum": 1},
    "from_1_to_200": {"type": "integer", "minimum": 1, "maximum": 200},
    "number": {"type": "number"},
    "time": {"type": "string", "format": "date-time"},
    "flag": {"type": "boolean"},
    "object": {"type": "object"},
    "Sort": {"type": "string", "enum": list(SORTS)},
    **{each.__name__: {"type": "string", "enum": [value.value for value in each]} for each in _ENUMERATIONS},
}


def document(server: str) -> dict[str, Any]:
    """The whole document; `server` is the address of the pages."""
    return {**_document(), "servers": [{"url": server}]}


@cache
def _document() -> dict[str, Any]:
    text = files("alerts.web").joinpath("openapi.yaml").read_text(encoding="utf-8")
    written = yaml.load(text, Loader=yaml.CSafeLoader)
    made: dict[str, Any] = written["document"]
    made["info"]["version"] = version("institution-alerts")
    made["paths"] = {path: {"get": _get(path, each, written)} for path, each in written["paths"].items()}
    made["components"]["schemas"] = {name: _schema(each) for name, each in written["schemas"].items()} | {
        name: {"type": "object", "required": each["required"], "properties": _properties(each["properties"])}
        for name, each in written["open_schemas"].items()
    }
    return made


def _schema(written: Any) -> Schema:
    """A type as openapi.yaml writes it, as JSON Schema."""
    if isinstance(written, list):
        return {"type": "array", "items": _schema(written[0])}
    if isinstance(written, dict):
        properties = _properties(written)
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    if written.startswith("="):
        return {"type": "string", "const": written[1:]}
    return _WORDS.get(written) or {"$ref": f"#/components/schemas/{written}"}


def _properties(written: Mapping[str, Any]) -> dict[str, Schema]:
    """The keys of an object; `~` at the end of one says that its value may be null."""
    return {
        name.removesuffix("~"): _or_null(_schema(each)) if name.endswith("~") else _schema(each)
        for name, each in written.items()
    }


def _or_null(of: Schema) -> Schema:
    if "$ref" in of:
        return {"anyOf": [of, {"type": "null"}]}
    return {**of, "type": [of["type"], "null"]} | ({"enum": [*of["enum"], None]} if "enum" in of else {})


def _get(path: str, item: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """The description of one address; `written` is all of openapi.yaml."""
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": _schema("text")}
        for name in reversed(re.findall(r"{(\w+)}", path))
    ]
    known = written["parameters"]
    in_query = [
        {"name": name, "in": "query", **known[name], "schema": _schema(known[name]["schema"])}
        for name in item["parameters"]
    ]
    answers = {status: item["answer"] if status == "200" else "Error" for status in written["responses"]}
    return {
        "summary": item["summary"],
        "parameters": in_path + in_query,
        "responses": {
            status: {
                "description": written["responses"][status],
                "content": {"application/json": {"schema": _schema(answer)}},
            }
            for status, answer in answers.items()
        },
    }
