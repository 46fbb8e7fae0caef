"""What all edits of stored films have in common: fetch the inputs, do the operation, put the result where it belongs.

A job is made of it as in `flows/editing.py`: a step of the operation (`edit_step`), and a flow with `edit_job` that
makes the options of its parameters and hands them to `edited`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Literal

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import get_settings
from blocks.store_keys import result_file, result_folder
from flows.job import job_flow
from tasks.editing.bench import EditOptions
from tasks.editing.document import EditOutcome, EditResult, ResultFile, edit_summary
from tasks.editing.steps import EditStep, StoredEdit, edit_request
from tasks.errors import ContrapontoError
from tasks.fetching.steps import FetchedFile, fetch_file, fetch_media, fetch_request, file_request
from tasks.foreign_text import one_line
from tasks.jobs.artifacts import write_image
from tasks.jobs.step import run_step
from tasks.jobs.tracker import StageParts, current_job
from tasks.net.urls import mask_urls
from tasks.video.encoding import Encoder, choose_encoder
from tasks.video.fitting import MAX_SECONDS

_FETCHES = 4
"""Inputs fetched at the same time."""
_MAX_FILE_BYTES = 200 * 1024 * 1024
"""Of an input that is no recording, such as a picture."""
_SHOWN = 120
"""Letters of a source in a sentence."""

edit_job = partial(job_flow, stages=("download", "editing"), needs_webhook=True, summary=edit_summary)
"""As `job_flow`; each job says its `operation` and its `time_limit` in minutes."""


@dataclass(frozen=True)
class Input:
    """A file that an operation is to work on."""

    source: str
    """Address, or key of the media store."""
    needs: Literal["video", "audio", "media", "file"] = "video"
    """The track without which it is of no use; media: either; file: anything, such as a picture."""


async def edited(
    step: EditStep,
    inputs: Sequence[Input],
    options: EditOptions,
    path: str | None,
    output_filename: str | None,
    *,
    name: str = "video",
    ending: str = ".mp4",
) -> EditOutcome:
    """Does the operation of a step in the running job.

    Args:
        step: Of the operation, made by `edit_step`.
        inputs: What it works on, in the order in which the operation takes them.
        options: Those of the operation.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; several files get a number each.
        name: What it is called if the caller does not say.
        ending: Of its name.

    Raises:
        ContrapontoError: As the fetches and the operation do; of several inputs the sentence says which.
    """
    job = current_job()
    settings = get_settings()
    store = media_store(settings)
    # What is wrong with a job is said before anything is fetched.
    folder = result_folder(path, job.document.job_id)
    target = PurePosixPath(folder) / result_file(output_filename, name, ending)
    encoder = await asyncio.to_thread(choose_encoder, settings.video_encoder)

    with job.stage("download") as stage:
        files = await _fetched(inputs, StageParts(stage, len(inputs)))

    with job.stage("editing"):
        stored = await run_step(step, edit_request(job.document.operation, files, options, ending, encoder))
        outcome = await asyncio.to_thread(_placed, stored, target, store, encoder)

    if stored.thumbnail is not None:
        frame = await asyncio.to_thread(store.read_bytes, stored.thumbnail)
        await write_image("frame", frame, "The middle of the result")
    return outcome


async def _fetched(inputs: Sequence[Input], parts: StageParts) -> list[FetchedFile]:
    turns = asyncio.Semaphore(_FETCHES)

    async def fetch(number: int, wanted: Input) -> FetchedFile:
        try:
            async with turns:
                if wanted.needs == "file":
                    request = await file_request(wanted.source, _MAX_FILE_BYTES)
                    with parts.part(number):
                        return await run_step(fetch_file, request)
                recording = await fetch_request(wanted.source, wanted.needs, MAX_SECONDS)
                with parts.part(number):
                    return await run_step(fetch_media, recording)
        except ContrapontoError as error:
            if len(inputs) > 1 and error.code != "cancelled":
                which = f'Number {number + 1} ("{one_line(mask_urls(wanted.source), _SHOWN)}")'
                error.message = f"{which}: {error.message}"
            raise

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(fetch(number, wanted)) for number, wanted in enumerate(inputs)]
    except* ContrapontoError as several:
        # One is enough to say what is wrong; those that it ended have only that to say.
        told = sorted(_leaves(several), key=lambda error: error.code == "cancelled")
        raise told[0] from None
    return [task.result() for task in tasks]


def _leaves(group: BaseExceptionGroup[ContrapontoError]) -> list[ContrapontoError]:
    found: list[ContrapontoError] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _placed(stored: StoredEdit, target: PurePosixPath, store: MediaStore, encoder: Encoder) -> EditOutcome:
    """Copies what was made to where the caller finds it."""
    files = []
    for number, made in enumerate(stored.files, 1):
        name = f"{target.stem}_{number}{target.suffix}" if len(stored.files) > 1 else target.name
        key = str(target.with_name(name))
        store.copy_file(made.key, key)
        facts = made.model_dump(exclude={"key"})
        files.append(ResultFile(file=key, url=store.url(key), **facts))
    result = EditResult(**files[0].model_dump(), files=tuple(files), encoder=encoder, made=stored.made)
    return EditOutcome(path=str(target.parent), result=result)
