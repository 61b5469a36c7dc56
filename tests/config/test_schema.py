"""The JSON Schema for editors."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from alerts.config import schema as schema_forms
from alerts.config.json_schema import json_schema
from alerts.config.schema import ConfigurationForm


def walk(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node, *(found for each in node.values() for found in walk(each))]
    return [found for each in node for found in walk(each)] if isinstance(node, list) else []


def test_every_key_has_a_description() -> None:
    schema = json_schema()
    mappings = [schema, *schema["$defs"].values()]
    described = [
        (name, each.get("description")) for mapping in mappings for name, each in mapping.get("properties", {}).items()
    ]
    assert len(described) > 90
    assert [name for name, text in described if not text] == []


def test_every_description_is_of_a_form() -> None:
    written = yaml.safe_load(files("alerts.config").joinpath("descriptions.yaml").read_text(encoding="utf-8"))
    assert [name for name in written if not issubclass(getattr(schema_forms, name), schema_forms.Form)] == []


def test_unknown_keys_are_refused_everywhere() -> None:
    objects = [each for each in walk(json_schema()) if "properties" in each and each.get("type") == "object"]
    assert all(each["additionalProperties"] is False for each in objects)
    assert set(json_schema()["properties"]) == set(ConfigurationForm.model_fields)


def test_it_says_what_yaml_holds() -> None:
    schema = json_schema()
    defs = schema["$defs"]
    assert "^x-" in schema["patternProperties"]
    assert "from" in defs["QuietForm"]["properties"]
    assert "raise" in defs["LevelsForm"]["properties"]
    assert defs["SourceForm"]["properties"]["interval"] == {
        "type": "string",
        "default": "15m",
        "description": "The least time between two polls; the program waits longer by itself where it pays.",
        "examples": ["30s", "15m", "1h30m", "7d", "2w"],
    }
    assert defs["MatchForm"]["properties"]["case_sensitive"]["type"] == "boolean"
    assert [each for each in walk(schema) if each.get("type") == "null"] == []


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema()
    used = {each["$ref"].removeprefix("#/$defs/") for each in walk(schema) if "$ref" in each}
    assert used
    assert used <= set(schema["$defs"])
