"""Puts a transcript into the media store in the forms that people and players read."""

import asyncio
from collections.abc import Sequence

from blocks.media_store import MediaStore
from blocks.store_keys import key_part
from tasks.speech.transcript import Transcript
from tasks.subtitles.formats import SubtitleFormat, render
from tasks.subtitles.layout import SubtitleOptions


async def write_subtitles(
    transcript: Transcript,
    formats: Sequence[SubtitleFormat],
    options: SubtitleOptions,
    folder: str,
    title: str,
    store: MediaStore,
) -> dict[str, str]:
    """The store key of each format. Rendering takes little time, so it is neither cached nor a task.

    Raises InvalidInputError where the options contradict each other.
    """
    layout = options.layout(transcript.language)

    def write(kind: SubtitleFormat) -> str:
        key = f"{folder}/{key_part(title, default='transcript')}.{kind}"
        store.put_text(render(transcript, kind, layout=layout), key)
        return key

    return {kind: await asyncio.to_thread(write, kind) for kind in dict.fromkeys(formats)}
