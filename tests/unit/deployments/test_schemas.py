from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import ValidationError, validate
from pydantic import HttpUrl

from deployments.server.schemas import strict


def _flow(
    url: HttpUrl,
    language: str = "auto",
    webhook_url: HttpUrl | None = None,
    more: list[HttpUrl] | None = None,
) -> None:
    """A flow's signature."""


SCHEMA = strict(parameter_schema(_flow).model_dump_for_openapi())


def _refusal(parameters: dict[str, Any]) -> str:
    """What the server answers: it calls the same function."""
    with pytest.raises(ValidationError) as caught:
        validate(parameters, SCHEMA, raise_on_error=True)
    return str(caught.value)


@pytest.mark.parametrize(
    "parameters",
    [
        {"url": "https://example.org/a.mp3"},
        {"url": "HTTP://example.org"},
        {"url": "http://127.0.0.1:8000/a%20b?c=d#e", "language": "pt"},
        {"url": "https://example.org", "webhook_url": None},
        {"url": "https://example.org", "webhook_url": "https://example.org/hook", "more": ["http://a.b"]},
    ],
)
def test_good_parameters_pass(parameters: dict[str, Any]) -> None:
    validate(parameters, SCHEMA, raise_on_error=True)


def test_an_unknown_parameter_is_refused_and_the_known_ones_are_named() -> None:
    refusal = _refusal({"url": "https://example.org", "langage": "pt"})
    assert "'langage' is not one of" in refusal
    assert "'language'" in refusal


@pytest.mark.parametrize(
    "url", ["example.org", "ftp://example.org", "https://", "http:///path", "https://a b", ""]
)
@pytest.mark.parametrize("field", ["url", "webhook_url"])
def test_what_is_no_web_address_is_refused(field: str, url: str) -> None:
    assert _refusal({"url": "https://example.org", field: url})


def test_urls_in_lists_are_checked() -> None:
    assert _refusal({"url": "https://example.org", "more": ["https://example.org", "nowhere"]})


def test_a_pattern_of_the_flow_itself_is_kept() -> None:
    schema = strict(
        {"type": "object", "properties": {"a": {"type": "string", "format": "uri", "pattern": "^s3:"}}}
    )
    assert schema["properties"]["a"]["pattern"] == "^s3:"


def test_closing_twice_changes_nothing() -> None:
    assert strict(SCHEMA) == SCHEMA
