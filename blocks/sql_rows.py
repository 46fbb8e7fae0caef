"""Records as the rows of tables: how they are found, written, and exchanged for others."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Table, and_, delete, insert, select, true, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from blocks.record_store import Collection, Record, RecordId, Rows

_MOST_VALUES = 1000
"""Of one statement: PostgreSQL takes 32,767, SQLite as many as it was built for."""


def matching(table: Table, where: Mapping[str, RecordId | Sequence[RecordId]]) -> ColumnElement[bool]:
    """That the fields of a row have these values, or one of them."""
    return and_(
        true(),
        *(
            table.c[name] == str(value)
            if isinstance(value, str | int)
            else table.c[name].in_([str(each) for each in value])
            for name, value in where.items()
        ),
    )


def record_of(collection: Collection, row: RowMapping) -> Record:
    """The record that a row is."""
    return Record(collection, row["id"], {name: row[name] for name in collection.fields})


async def upsert(
    connection: AsyncConnection,
    table: Table,
    collection: Collection,
    values: Mapping[str, JsonValue],
    kept: Sequence[str] = (),
) -> None:
    """Writes fields of the record with this `id`, or a new one. Fields that are `kept` stay as they are."""
    record_id = str(values["id"])
    if await _ids(connection, table, "id", [record_id]):
        await _change(connection, table, collection, values, kept)
    else:
        await connection.execute(insert(table).values(_row(collection, values)))


async def write_rows(connection: AsyncConnection, table: Table, rows: Rows) -> None:
    """Writes rows and takes away what else belongs to the same; see `Rows`. Raises ValueError for a field too many."""
    records = {str(record["id"]): record for record in rows.records}
    theirs = await _ids(connection, table, rows.parent, [str(parent) for parent in rows.parents])
    for part in _in_parts(sorted(theirs - records.keys())):
        await connection.execute(delete(table).where(table.c.id.in_(part)))
    there = await _ids(connection, table, "id", [*records])
    new: dict[tuple[str, ...], list[dict[str, JsonValue]]] = {}
    """By their fields: those that have the same ones are written at once."""
    for record_id, record in records.items():
        if record_id in there:
            await _change(connection, table, rows.collection, record, rows.kept)
        else:
            new.setdefault((*record,), []).append(_row(rows.collection, record))
    for alike in new.values():
        await connection.execute(insert(table), alike)


async def _change(
    connection: AsyncConnection,
    table: Table,
    collection: Collection,
    values: Mapping[str, JsonValue],
    kept: Sequence[str],
) -> None:
    given = _row(collection, values)
    record_id = given.pop("id")
    changed = {name: value for name, value in given.items() if name not in kept}
    if changed:
        await connection.execute(update(table).where(table.c.id == record_id).values(changed))


async def _ids(connection: AsyncConnection, table: Table, field: str, values: Sequence[str]) -> set[str]:
    """The ids of the rows whose field has one of these values."""
    found: set[str] = set()
    for part in _in_parts(values):
        wanted = select(table.c.id).where(table.c[field].in_(part))
        found |= {*(await connection.execute(wanted)).scalars()}
    return found


def _in_parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _MOST_VALUES] for start in range(0, len(values), _MOST_VALUES))


def _row(collection: Collection, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """A record as its table has it."""
    fields = {name: _stored(collection, name, value) for name, value in values.items() if name != "id"}
    return {"id": str(values["id"]), **fields}


def _stored(collection: Collection, name: str, value: JsonValue) -> JsonValue:
    if name not in collection.fields:
        raise ValueError(f"{collection.name} has no field {name}")
    return str(value) if name in collection.texts and value is not None else value
