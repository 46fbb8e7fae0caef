"""Parameter schemas that refuse what a flow would not understand.

Prefect's server checks declared fields but lets unknown ones and malformed URLs through: a misspelt parameter
would make a job that quietly does something else. The schema stored with each deployment closes that.
"""

from collections.abc import Mapping
from typing import Any

URL_PATTERN = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#]+\S*$"
"""What the server checks for a field that pydantic calls a URI: it evaluates patterns, not formats."""


def strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a flow's parameters, closed: no unknown parameter, nothing but a URL where one belongs.

    `propertyNames` stands beside `additionalProperties` because its error names the parameters that do exist.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    return {
        **schema,
        "properties": {name: _with_url_pattern(field) for name, field in properties.items()},
        "additionalProperties": False,
        "propertyNames": {"enum": sorted(properties)},
    }


def _with_url_pattern(field: Any) -> Any:
    """A field's schema with the pattern wherever a string is a URI, also among choices and in lists."""
    if isinstance(field, list):
        return [_with_url_pattern(item) for item in field]
    if not isinstance(field, dict):
        return field
    nested = {
        key: _with_url_pattern(field[key]) for key in ("anyOf", "oneOf", "allOf", "items") if key in field
    }
    pattern = {"pattern": URL_PATTERN} if field.get("format") == "uri" and "pattern" not in field else {}
    return {**field, **nested, **pattern}
