"""What a caller names a file by."""

from typing import Annotated

from pydantic import Field

Source = Annotated[
    str,
    Field(
        pattern=r"^(https?://[^\s]+|[^\s/:][^:\\]*)$",
        max_length=4096,
        title="URL or store key",
        json_schema_extra={
            "allowed": "a URL that begins with https:// or http://, or the key of a file in the media store"
        },
    ),
]
"""A URL, or a key of the media store. `allowed` is what a refusal says (`deployments.server.refusals`)."""
