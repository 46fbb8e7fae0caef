from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import ValidationError, validate
from pydantic import HttpUrl

from deployments.schemas import strict


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


PRIVATE_URLS = [
    "http://localhost/hook",
    "http://127.0.0.1:8000/a",
    "https://user:pass@10.0.0.7",
    "HTTP://192.168.1.1?x",
    "http://172.31.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]:80/",
    "http://[fd00::1]/",
    "http://0.0.0.0",
    "http://localhost./",
]
PUBLIC_URLS = [
    "https://10.example.org/hook",
    "http://172.32.0.1/",
    "https://example.org/?next=http://127.0.0.1/",
    "https://localhost.example.org",
    "https://8.8.8.8/hook",
]


@pytest.mark.parametrize("url", PRIVATE_URLS)
def test_a_private_address_is_refused_at_submit_where_none_is_allowed(url: str) -> None:
    closed = strict(parameter_schema(_flow).model_dump_for_openapi(), public_only=True)
    for field in ("url", "webhook_url"):
        with pytest.raises(ValidationError, match="CONTRAPONTO_ALLOWED_PRIVATE_HOSTS") as caught:
            validate({"url": "https://example.org", field: url}, closed, raise_on_error=True)
        assert field in str(caught.value)
    validate({"url": url}, SCHEMA, raise_on_error=True)


@pytest.mark.parametrize("url", PUBLIC_URLS)
def test_a_public_address_that_looks_alike_is_not_refused(url: str) -> None:
    closed = strict(parameter_schema(_flow).model_dump_for_openapi(), public_only=True)
    validate({"url": url, "webhook_url": None}, closed, raise_on_error=True)
    validate({"url": url, "webhook_url": url}, closed, raise_on_error=True)
