"""The JSON Schema of messages, for those who write them in other languages: `mensagem_schema.json`."""

from pydantic import JsonValue, TypeAdapter
from pydantic.json_schema import models_json_schema

from tasks.messages.contents import (
    CollectionAnswer,
    CollectionRequest,
    ExecutionRequest,
    ExecutionResult,
    JobEnd,
)
from tasks.messages.envelope import Envelope

PAYLOADS = (CollectionRequest, CollectionAnswer, ExecutionRequest, ExecutionResult, JobEnd)
"""What the payload of a message may be, by its kind and its stream."""


def message_schema() -> dict[str, JsonValue]:
    """The schema of a message; the forms of payloads are among its `$defs`."""
    _, forms = models_json_schema([(form, "validation") for form in PAYLOADS], ref_template="#/$defs/{model}")
    schema = Envelope.model_json_schema()
    return TypeAdapter(dict[str, JsonValue]).validate_python(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **schema,
            "title": "Mensagem",
            "$defs": {**schema.get("$defs", {}), **forms["$defs"]},
        }
    )
