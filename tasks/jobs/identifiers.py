"""Identifiers of callers: numbers or texts of their own, which come back to them as they were sent."""

from typing import Annotated

from pydantic import BeforeValidator, Field, StrictInt, StrictStr

_LARGEST = 2**53 - 1
"""JSON's readers take larger numbers for floats, and would bring back another one."""


def _whole(value: object) -> object:
    """JSON knows no integers: 34.0 is 34."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Number = Annotated[StrictInt, Field(ge=-_LARGEST, le=_LARGEST)]
Identifier = Annotated[Number | Annotated[StrictStr, Field(max_length=1000)], BeforeValidator(_whole)]
ItemIdentifier = Annotated[
    Number | Annotated[StrictStr, Field(min_length=1, max_length=200)], BeforeValidator(_whole)
]
"""Of one of the things that a job is made of, such as an image."""
