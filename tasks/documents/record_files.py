"""Files that records name: fetched from an address, the media store, or the record store that keeps them."""

import asyncio
import hashlib

from blocks.from_settings import media_store
from blocks.record_store import Record, RecordStore
from blocks.scratch import scratch_directory
from blocks.settings import get_settings
from tasks.documents.package import MAX_FILE_BYTES
from tasks.documents.reasons import UnusableRecordError
from tasks.fetching.steps import FetchedFile, fetch_file, file_request
from tasks.jobs.step import run_step


async def file_of(store: RecordStore, record: Record, field: str) -> FetchedFile:
    """The file that a field of a record names, in the media store.

    Raises:
        UnusableRecordError: The field is empty.
        ContrapontoError: As the fetch does.
    """
    named = record.text(field).strip()
    if not named:
        raise UnusableRecordError(
            f'O campo "{field}" do registro {record.id} de {record.collection.name} está vazio.',
            hint="Coloque nele o arquivo do Word (.docx).",
        )
    settings = get_settings()
    media = media_store(settings)
    with scratch_directory(settings.home, "record") as folder:
        path = folder / "file.docx"
        if await store.download(named, path, MAX_FILE_BYTES):
            content = await asyncio.to_thread(path.read_bytes)
            digest = hashlib.sha256(content).hexdigest()
            key = f"documents/{digest[:2]}/{digest}.docx"
            await asyncio.to_thread(media.put_file, path, key)
            return FetchedFile(key=key, sha256=digest, size=len(content), source=named)
    return await run_step(fetch_file, await file_request(named, MAX_FILE_BYTES))
