"""Makes steps of operations on stored files: the result is kept under its inputs' content and the options."""

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from blocks.from_settings import media_store
from blocks.scratch import scratch_directory
from blocks.settings import get_settings
from tasks.editing.bench import Bench, EditOptions, Made, Operation, Options
from tasks.editing.document import FileFacts
from tasks.editing.facts import hard_to_play, measure, thumbnail
from tasks.fetching.steps import FetchedFile
from tasks.inference.devices import usable_threads
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import Step, step
from tasks.jobs.time_limits import seconds_of_job
from tasks.progress import Progress, part_of
from tasks.video.encoding import Encoder

_MADE = 0.95
"""Share of the progress; the rest is storing the files."""


class EditInput(BaseModel):
    """A stored file that an operation reads."""

    model_config = ConfigDict(frozen=True)

    key: Annotated[str, Field(exclude=True)]
    """Where it lies, which does not decide what becomes of it: left out of the cache key."""
    sha256: str


class EditRequest(StepRequest):
    """An operation to do."""

    operation: str
    revision: int
    inputs: tuple[EditInput, ...]
    options: SerializeAsAny[EditOptions]
    ending: str
    """Of the file that is made (".mp4"), which is its container."""
    encoder: Encoder


class StoredFile(FileFacts):
    """A file that was made, in the media store."""

    key: str


class StoredEdit(BaseModel):
    """What an operation has made, in the media store."""

    model_config = ConfigDict(frozen=True)

    files: tuple[StoredFile, ...]
    thumbnail: str | None
    """Store key of a small JPEG of the first of them."""
    made: SerializeAsAny[Made]

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (*(file.key for file in self.files), *([self.thumbnail] if self.thumbnail else []))


EditStep = Step[EditRequest, StoredEdit]


def edit_request(
    operation: str, inputs: Sequence[FetchedFile], options: EditOptions, ending: str, encoder: Encoder
) -> EditRequest:
    """Asks for the operation on stored files, in this order."""
    return EditRequest(
        operation=operation,
        revision=options.revision,
        inputs=tuple(EditInput(key=each.key, sha256=each.sha256) for each in inputs),
        options=options,
        ending=ending,
        encoder=encoder,
    )


def edit_step(name: str, operation: Operation[Options]) -> EditStep:
    """The step that does the operation; `name` is what the UI calls its runs. Raises as the operation does."""

    def work(request: EditRequest, progress: Progress) -> StoredEdit:
        settings = get_settings()
        store = media_store(settings)
        until = time.monotonic() + seconds_of_job()
        kept = f"edits/{request.cache_key()}"
        with scratch_directory(settings.home, name) as folder, ExitStack() as opened:
            inputs = [opened.enter_context(store.open_local(each.key)) for each in request.inputs]
            made_in, scratch = folder / "made", folder / "scratch"
            made_in.mkdir()
            scratch.mkdir()
            bench = Bench(
                scratch=scratch,
                encoder=request.encoder,
                threads=usable_threads(),
                until=until,
                progress=part_of(progress, 0.0, _MADE),
            )
            # Steps are called with the options that their flow has made for them.
            options: Options = request.options  # type: ignore[assignment]
            made = operation(inputs, options, made_in / f"result{request.ending}", bench)
            files: list[StoredFile] = []
            small: bytes | None = None
            told: dict[str, None] = {}
            for number, path in enumerate(sorted(made_in.iterdir())):
                facts = measure(path)
                small = thumbnail(path, facts) if number == 0 else small
                told |= dict.fromkeys(hard_to_play(path))
                key = f"{kept}.{number}{request.ending}"
                store.put_file(path, key)
                files.append(StoredFile(key=key, **facts.model_dump()))
            if small is not None:
                store.put_bytes(small, f"{kept}.jpg")
        return StoredEdit(
            files=tuple(files),
            thumbnail=f"{kept}.jpg" if small is not None else None,
            made=made.model_copy(update={"warnings": (*made.warnings, *told)}),
        )

    work.__doc__ = operation.__doc__
    return step(name)(work)
