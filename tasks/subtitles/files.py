"""Puts a transcript into the media store in the forms that people and players read."""

import asyncio
from collections.abc import Sequence

from blocks.media_store import MediaStore
from blocks.store_keys import key_part
from tasks.speech.transcript import Transcript
from tasks.subtitles.formats import SubtitleFormat, render


async def write_subtitles(
    transcript: Transcript, formats: Sequence[SubtitleFormat], folder: str, title: str, store: MediaStore
) -> dict[str, str]:
    """The store key of each format. Rendering takes milliseconds, so it is neither cached nor a task."""

    def write(kind: SubtitleFormat) -> str:
        key = f"{folder}/{key_part(title, default='transcript')}.{kind}"
        store.put_text(render(transcript, kind), key)
        return key

    return {kind: await asyncio.to_thread(write, kind) for kind in dict.fromkeys(formats)}
