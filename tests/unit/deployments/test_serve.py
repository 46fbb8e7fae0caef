"""What the server's process changes of Prefect: a schema is checked once, and checked it is."""

from typing import Any

import pytest
from prefect.utilities.schema_tools import validation

from deployments.services.serve import check_each_schema_once

_VARIABLES: dict[str, Any] = {
    "type": "object",
    "properties": {"env": {"type": "object", "additionalProperties": {"type": "string"}}},
}


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The schemas that were looked at, in a process that looks once at each."""
    schemas: list[Any] = []
    check = validation._VALIDATOR.check_schema

    def counting(schema: Any, **options: Any) -> None:
        schemas.append(schema)
        check(schema, **options)

    monkeypatch.setattr(validation._VALIDATOR, "check_schema", counting)
    check_each_schema_once()
    return schemas


def _submit(variables: dict[str, Any]) -> None:
    """What Prefect does with the variables of a pool at each submit."""
    validation.is_valid_schema(_VARIABLES, preprocess=False)
    validation.validate(variables, _VARIABLES, raise_on_error=True, ignore_required=True)


def test_a_schema_is_checked_once(checked: list[Any]) -> None:
    for number in range(5):
        _submit({"env": {"NUMBER": str(number)}})
    assert len(checked) <= 2  # with and without a checker of formats


def test_each_object_is_checked_against_it(checked: list[Any]) -> None:
    _submit({"env": {"A": "1"}})
    with pytest.raises(validation.ValidationError, match="env"):
        _submit({"env": {"A": 1}})


def test_another_schema_is_checked(checked: list[Any]) -> None:
    validation.is_valid_schema(_VARIABLES)
    validation.is_valid_schema(_VARIABLES | {"title": "Another"})
    assert len(checked) == 2


def test_a_schema_that_is_none_is_refused_each_time(checked: list[Any]) -> None:
    for _ in range(3):
        with pytest.raises(ValueError, match="Invalid schema"):
            validation.is_valid_schema({"type": "something"})
    assert len(checked) == 3


def test_true_is_not_one(checked: list[Any]) -> None:
    validation.is_valid_schema({"properties": {"number": {"const": 1}}})
    validation.is_valid_schema({"properties": {"number": {"const": True}}})
    assert len(checked) == 2
