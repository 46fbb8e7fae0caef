"""The step of a pipeline that makes pictures of the job's images."""

import asyncio
import os
from dataclasses import dataclass

from pydantic import BaseModel
from typing_extensions import override

from flows.promotion_steps.material import Given, Made
from tasks.enhancement.options import ImagesConfig
from tasks.enhancement.steps import EnhancedPicture, enhance_image, enhance_requests, numbered
from tasks.errors import ContrapontoError
from tasks.fetching.steps import fetch_file, file_request
from tasks.foreign_text import one_line
from tasks.jobs.step import run_step
from tasks.jobs.tracker import StagePart, StageParts, current_stage
from tasks.net.urls import mask_urls

_MAX_BYTES = 100 * 1024 * 1024
_FETCHED = 0.2
"""Share of the progress of an image that is its transfer."""
_AT_ONCE = max(1, min(4, os.cpu_count() or 1))
_SHOWN = 120
_MOST_SHEETS = 12
"""That the web page shows."""


class ToldPictures(BaseModel):
    """What the job document says of the pictures."""

    pictures: tuple[EnhancedPicture, ...]


@dataclass(frozen=True)
class _Image:
    """What came of one of the job's images."""

    pictures: tuple[EnhancedPicture, ...] = ()
    cached: bool = False
    failure: ContrapontoError | None = None


class _Piece(StagePart):
    """A piece of the stage that knows whether its work had been done before."""

    def __init__(self, parts: StageParts, number: int, start: float, end: float) -> None:
        super().__init__(parts, range(number, number + 1), start, end)
        self.cached = False

    @override
    def found_in_cache(self) -> None:
        self.cached = True
        super().found_in_cache()


async def enhance(given: Given) -> Made:
    """Makes the pictures of every image that can be had; those that cannot are warnings.

    Raises the error of the first image if none can be had, or if the job is strict.
    """
    config = given.options
    assert isinstance(config, ImagesConfig)  # noqa: S101 - the type of the step says so
    stage = current_stage()
    parts = StageParts(stage, len(given.images))
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int, source: str) -> _Image:
        async with turns:
            try:
                return await _pictures(number, source, config, parts)
            except ContrapontoError as error:
                if error.code == "cancelled":
                    raise
                which = f'Image {number + 1} ("{one_line(mask_urls(source), _SHOWN)}")'
                error.message = f"{which}: {error.message}"
                parts.progress(number, 1.0)
                return _Image(failure=error)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number, source)) for number, source in enumerate(given.images)]
    found = [task.result() for task in tasks]
    failures = [image.failure for image in found if image.failure is not None]
    if failures and (given.strict or len(failures) == len(found)):
        raise failures[0]
    if all(image.cached for image in found):
        stage.found_in_cache()
    return _made([picture for image in found for picture in image.pictures], failures)


async def _pictures(number: int, source: str, config: ImagesConfig, parts: StageParts) -> _Image:
    request = await file_request(source, _MAX_BYTES)
    with parts.part(number, end=_FETCHED):
        image = await run_step(fetch_file, request)
    made, cached = [], True
    requests = enhance_requests(image, number, config)
    share = (1 - _FETCHED) / len(requests)
    for place, wanted in enumerate(requests):
        start = _FETCHED + share * place
        with _Piece(parts, number, start, start + share) as piece:
            made.append(numbered(await run_step(enhance_image, wanted), number))
            cached &= piece.cached
    return _Image(tuple(made), cached)


def _made(pictures: list[EnhancedPicture], failures: list[ContrapontoError]) -> Made:
    names = [f"picture_{number}" for number in range(1, len(pictures) + 1)]
    told = [warning for picture in pictures for warning in picture.warnings]
    return Made(
        told=ToldPictures(pictures=tuple(pictures)),
        files={name: each.picture.file.key for name, each in zip(names, pictures, strict=True)},
        shown={name: each.sheet for name, each in list(zip(names, pictures, strict=True))[:_MOST_SHEETS]},
        pictures=tuple(each.picture for each in pictures),
        warnings=(*(f"{error} It was left out." for error in failures), *told),
    )
