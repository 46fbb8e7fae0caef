"""Identifiers of callers: numbers or texts of their own, which come back to them as they were sent."""

from typing import Annotated

from pydantic import BeforeValidator, Field, StrictInt, StrictStr


def _whole(value: object) -> object:
    """JSON knows no integers: 34.0 is 34."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Identifier = Annotated[StrictInt | Annotated[StrictStr, Field(max_length=1000)], BeforeValidator(_whole)]
ItemIdentifier = Annotated[
    StrictInt | Annotated[StrictStr, Field(min_length=1, max_length=200)], BeforeValidator(_whole)
]
"""Of one of the things that a job is made of, such as an image."""
