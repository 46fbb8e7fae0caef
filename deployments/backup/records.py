"""The records of an embedded record store, copied into the database that the setting `record_store` names.

A Directus is filled by its own import: its collections are the callers', with keys and relations of their own. A saved
block is known to a server that does not run yet.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from blocks.settings import Settings
from deployments.backup.manifest import BackupError

if TYPE_CHECKING:
    from blocks.record_store import RecordStore


def can_take(settings: Settings) -> bool:
    """Whether the record store is a database that records can be copied into."""
    return settings.record_store.startswith(("postgresql://", "sqlite://"))


def copy(file: Path, settings: Settings) -> int:
    """Copy every record, all or none; how many. Repeated, it is the same again. Claims are not copied: they are over.

    Args:
        file: An SQLite that may be written to.
        settings: Name the record store.

    Raises:
        BackupError: there are other records already.
        TransientError: the record store cannot be reached.
        InvalidSettingError: it is set up wrong.
    """
    from pydantic import SecretStr  # noqa: PLC0415 - with the others

    from blocks.from_settings import record_store  # noqa: PLC0415 - brings Prefect, which takes seconds
    from blocks.sql_record_store import SqlRecordStore  # noqa: PLC0415

    return asyncio.run(_copy(SqlRecordStore(url=SecretStr(f"sqlite:///{file}")), record_store(settings)))


async def _copy(source: "RecordStore", target: "RecordStore") -> int:
    from blocks.record_store import Rows  # noqa: PLC0415 - as above
    from tasks.documents.collections import ALL  # noqa: PLC0415

    try:
        rows: list[Rows] = []
        for store in (source, target):
            await store.prepare(ALL)
        for collection in ALL:
            ours = {record.id: record for record in await source.find(collection, {})}
            for theirs in await target.find(collection, {}):
                if ours.get(theirs.id) != theirs:
                    raise BackupError(
                        f'The record store has another record already: "{theirs.id}" in {collection.name}.',
                        hint="Name an empty database in CONTRAPONTO_RECORD_STORE.",
                    )
            records = [{"id": record.id, **record.values} for record in ours.values()]
            rows.append(Rows(collection, parent="id", parents=(), records=records))
        await target.replace(rows)
        return sum(len(each.records) for each in rows)
    finally:
        await source.aclose()
        await target.aclose()
