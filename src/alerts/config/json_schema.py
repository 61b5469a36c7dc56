"""The JSON Schema of the configuration, for editors."""

from datetime import timedelta
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from alerts.config.schema import ConfigurationForm, Form
from alerts.model.tables import table
from alerts.model.times import format_duration

_DESCRIPTIONS: Final[dict[str, dict[str, str]]] = table("alerts.config", "descriptions.yaml")


def descriptions(form: type[Form]) -> dict[str, str]:
    """What each key of a form is for, from descriptions.yaml."""
    return {key: text for each in reversed(form.mro()) for key, text in _DESCRIPTIONS.get(each.__name__, {}).items()}


class _Generator(GenerateJsonSchema):
    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """With a description for each key."""
        found = super().model_schema(schema)
        for key, text in descriptions(schema["cls"]).items():
            found["properties"][key]["description"] = text
        return found

    def encode_default(self, dft: Any) -> Any:
        """Durations as they are written in YAML, not as ISO 8601."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one file of the configuration, with a description for each key."""
    schema: dict[str, Any] = _plain(ConfigurationForm.model_json_schema(schema_generator=_Generator))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "alerts configuration",
        **schema,
        "patternProperties": {"^x-": {"description": "A place for YAML anchors; its content is not read."}},
    }


def _plain(node: Any) -> Any:
    """Without what pydantic adds for programs: invented titles, and null, which the YAML does not take."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    if {"type": "null"} in node.get("anyOf", ()):
        (kept,) = [each for each in node["anyOf"] if each != {"type": "null"}]
        node = kept | {key: value for key, value in node.items() if key not in {"anyOf", "default"}}
    # A property that is called `title` is a mapping.
    invented = {"title"} if isinstance(node.get("title"), str) else set()
    invented |= {"default"} if node.get("default") in ("", [], {}) else set()
    return {key: _plain(value) for key, value in node.items() if key not in invented}
