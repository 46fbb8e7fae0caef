"""What was collected, seen as lists of records, named values and texts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from tasks.reports.texts import humanised

Record = Mapping[str, JsonValue]
VALUE = "\0value"
"""The field of a record that is no object: the thing itself."""
_DEEPEST = 6
_LONGEST_VALUE = 400
"""Characters from which on a text is read for itself and not in a row."""


@dataclass(frozen=True)
class RecordList:
    """Things of one kind."""

    path: tuple[str, ...]
    """Keys that lead to them; none if they are all that was collected."""
    records: Sequence[Record]


@dataclass(frozen=True)
class LongText:
    """A text that is read for itself."""

    path: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Named:
    """A value that stands alone."""

    path: tuple[str, ...]
    value: JsonValue


Found = RecordList | LongText | Named


def found_in(data: JsonValue, path: tuple[str, ...] = ()) -> Iterator[Found]:
    """All that data hold, in its order."""
    match data:
        case list() if _is_table(data):
            yield RecordList(path, [_record(each) for each in data])
        case dict() if len(path) < _DEEPEST and _is_table_of_names(data):
            yield RecordList(path, [{"name": name, **value} for name, value in _objects(data)])
        case dict() if data and len(path) < _DEEPEST:
            for key, value in data.items():
                yield from found_in(value, (*path, key))
        case str() if len(data) > _LONGEST_VALUE:
            yield LongText(path, data)
        case None | [] | {}:
            return
        case _:
            yield Named(path, data)


def _is_table(data: Sequence[JsonValue]) -> bool:
    """Whether a list is shown as rows: all but short lists of plain values, which are a value like others."""
    return any(isinstance(each, dict | list) for each in data) or len(data) > _IN_A_LINE


_IN_A_LINE = 8


def _is_table_of_names(data: Mapping[str, JsonValue]) -> bool:
    """Whether an object holds things of one kind by their names: at least three objects with the same fields."""
    values = list(data.values())
    if len(values) < 3 or not all(isinstance(each, dict) and each for each in values):
        return False
    first = set(values[0]) if isinstance(values[0], dict) else set()
    return "name" not in first and all(isinstance(each, dict) and set(each) == first for each in values)


def _objects(data: Mapping[str, JsonValue]) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield name, value


def _record(value: JsonValue) -> Record:
    match value:
        case dict():
            return _flat(value)
        case list():
            return {str(place): each for place, each in enumerate(value[:_MOST_OF_A_LIST], 1)}
        case _:
            return {VALUE: value}


_MOST_OF_A_LIST = 40


def _flat(value: Mapping[str, JsonValue]) -> Record:
    """An object whose small objects have become fields of its own: `author.name`."""
    made: dict[str, JsonValue] = {}
    for key, each in value.items():
        if isinstance(each, dict) and 0 < len(each) <= _SMALL:
            made |= {f"{key}.{name}": part for name, part in each.items()}
        else:
            made[key] = each
    return made


_SMALL = 12


def words_of(key: str) -> str:
    """A field's name as small words; of `author.name` the last part says what it is."""
    return " › ".join(humanised(part) for part in key.split("."))
