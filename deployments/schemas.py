"""Parameter schemas that refuse what a flow would not understand.

Prefect's server checks declared fields but lets unknown ones and malformed URLs through: a misspelt parameter
would make a job that quietly does something else. The schema stored with each deployment closes that.
"""

from collections.abc import Mapping
from typing import Any

URL_PATTERN = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#]+\S*$"
"""What the server checks for a field that pydantic calls a URI: it evaluates patterns, not formats."""

_PRIVATE_PATTERN = (
    r"^[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*@)?"
    r"(localhost|(127|10|0)(\.\d+){3}|(192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))(\.\d+){2}"
    r"|\[(::1?|[Ff][CcDd][^\]]*|[Ff][Ee]80[^\]]*)\])\.?([:/?#]|$)"
)
PRIVATE = {
    "title": "an address of a private network; CONTRAPONTO_ALLOWED_PRIVATE_HOSTS would allow it",
    "type": "string",
    "pattern": _PRIVATE_PATTERN,
}
"""The plain notations of what no job may reach, so that a submit is refused. It guards nothing: the job looks at the
address that it connects to."""


def strict(schema: Mapping[str, Any], *, public_only: bool = False) -> dict[str, Any]:
    """The schema of a flow's parameters, closed: no unknown parameter, nothing but a URL where one belongs.

    `propertyNames` stands beside `additionalProperties` because its error names the parameters that do exist.
    `public_only`: no private host is allowed, so URLs that name one are refused.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    checked = {name: _with_url_pattern(field) for name, field in properties.items()}
    if public_only:
        checked |= {name: {**field, "not": PRIVATE} for name, field in checked.items() if "url" in name}
    return {
        **schema,
        "properties": checked,
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
