"""Clips of images: fetched, made and stored one by one, or by a serverless endpoint; and a video fitted to a sound."""

import asyncio
from collections.abc import Iterable
from typing import Annotated, ClassVar

from prefect import get_run_logger
from pydantic import BaseModel, ConfigDict, Field

from blocks.from_settings import media_store
from blocks.scratch import scratch_directory
from blocks.settings import get_settings
from tasks.errors import ContrapontoError
from tasks.fetching.steps import FetchedMedia, fetch_file, file_request
from tasks.inference.devices import usable_threads
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import run_step, step
from tasks.jobs.time_limits import seconds_of_job
from tasks.jobs.tracker import StageParts
from tasks.progress import Progress, part_of
from tasks.video.clip import ClipOptions, render_clip
from tasks.video.encoding import Encoder, Quality, choose_encoder
from tasks.video.fitting import fit_to_audio
from tasks.video.framing import UsedBackground
from tasks.video.shards import ClipOrder, ShardOrder, ShardResult, VideoClip, failed_clip, file_name
from tasks.video.subject import SubjectKind
from tasks.video.zoom_types import ZoomType

_FETCHES = 4
"""Images fetched at the same time."""
_THREADS_A_CLIP = 4
"""An encoder gains little from more; machines with more make several clips at a time. Together their encoders have one
thread for each processor: two of one thread take 7 % less of it than two of two, for the same file."""
_CLIPS_AT_ONCE = 2
"""At least, with two processors: while an image is read and looked at, the encoder of another clip has work."""
_FETCH_SHARE = 0.1
"""Of a clip's progress."""
_MAX_IMAGE_BYTES = 200 * 1024 * 1024


class ClipRequest(StepRequest):
    """A clip to make of a stored image."""

    version: ClassVar[int] = 3

    image_key: Annotated[str, Field(exclude=True)]
    """Where the image lies, which does not decide how the clip looks: left out of the cache key."""
    image_sha256: str
    zoom_type: ZoomType
    seconds: float
    options: ClipOptions
    encoder: Encoder
    threads: Annotated[int, Field(exclude=True)]
    """Of the encoder."""


class StoredClip(BaseModel):
    """A clip in the media store."""

    model_config = ConfigDict(frozen=True)

    key: str
    thumbnail: str
    frames: int
    seconds: float
    background: UsedBackground
    subject: SubjectKind
    warnings: tuple[str, ...] = ()

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.key, self.thumbnail)


@step("clip")
def make_clip(request: ClipRequest, progress: Progress) -> StoredClip:
    """Writes the clip as MP4 into the media store. Raises as `tasks.video.clip.render_clip`."""
    settings = get_settings()
    store = media_store(settings)
    name = request.cache_key()
    key, small = f"clips/{name}.mp4", f"clips/{name}.jpg"
    with (
        scratch_directory(settings.home, "clip") as folder,
        store.open_local(request.image_key) as image,
    ):
        clip = render_clip(
            image,
            folder / "clip.mp4",
            zoom=request.zoom_type,
            seconds=request.seconds,
            options=request.options,
            encoder=request.encoder,
            deadline=seconds_of_job(),
            progress=part_of(progress, 0.0, 0.95),
            threads=request.threads,
            small=folder / "thumbnail.jpg",
        )
        store.put_file(folder / "thumbnail.jpg", small)
        store.put_file(folder / "clip.mp4", key)
    return StoredClip(
        key=key,
        thumbnail=small,
        frames=clip.frames,
        seconds=clip.seconds,
        background=clip.background,
        subject=clip.subject,
        warnings=clip.warnings,
    )


def clips_at_once(threads: int) -> int:
    """How many clips are made at the same time by so many threads."""
    return max(min(_CLIPS_AT_ONCE, threads), threads // _THREADS_A_CLIP)


def threads_of_next(clips: int, threads: int) -> int:
    """How many of these threads the next clip's encoder uses, where so many clips are to begin, this one included."""
    return min(_THREADS_A_CLIP, threads // min(clips_at_once(threads), clips))


async def make_clips(order: ShardOrder, parts: StageParts, first: int = 0) -> ShardResult:
    """All clips of a shard, which are the pieces of the stage from `first` on.

    An image that cannot be used costs only its own clip. Images are fetched ahead while clips are made.
    """
    store = media_store(get_settings())
    encoder = await asyncio.to_thread(choose_encoder, get_settings().video_encoder)
    fetching = asyncio.Semaphore(_FETCHES)
    threads = usable_threads()
    making = asyncio.Semaphore(clips_at_once(threads))
    to_begin = {clip.index for clip in order.clips}

    async def one(number: int, clip: ClipOrder) -> VideoClip:
        try:
            async with fetching:
                request = await file_request(clip.image.image_url, max_bytes=_MAX_IMAGE_BYTES)
                with parts.part(number, end=_FETCH_SHARE):
                    image = await run_step(fetch_file, request)
            async with making:
                encoder_threads = threads_of_next(len(to_begin), threads)
                to_begin.discard(clip.index)
                wanted = ClipRequest(
                    image_key=image.key,
                    image_sha256=image.sha256,
                    zoom_type=clip.zoom_type,
                    seconds=clip.image.duracao,
                    options=order.options,
                    encoder=encoder,
                    threads=encoder_threads,
                )
                with parts.part(number, start=_FETCH_SHARE):
                    made = await run_step(make_clip, wanted)
            key = f"{order.folder}/{file_name(clip)}"
            await asyncio.to_thread(store.copy_file, made.key, key)
        except ContrapontoError as error:
            if error.code == "cancelled":
                raise
            to_begin.discard(clip.index)
            parts.progress(number, 1.0)
            get_run_logger().warning("Image %d (%s) became no clip: %s", clip.index, clip.image.id, error)
            return failed_clip(clip, error)
        return VideoClip(
            id=clip.image.id,
            index=clip.index,
            status="completed",
            zoom_type=clip.zoom_type,
            file=key,
            url=store.url(key),
            thumbnail=made.thumbnail,
            duration=made.seconds,
            frames=made.frames,
            encoder=encoder,
            background=made.background,
            subject=made.subject,
            warnings=made.warnings,
        )

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number, clip)) for number, clip in enumerate(order.clips, first)]
    return ShardResult(clips=tuple(task.result() for task in tasks), store=get_settings().store)


class FitRequest(StepRequest):
    """A video to fit to a sound, both stored."""

    version: ClassVar[int] = 3

    video_key: Annotated[str, Field(exclude=True)]
    audio_key: Annotated[str, Field(exclude=True)]
    video_sha256: str
    audio_sha256: str
    encoder: Encoder
    quality: Quality


class StoredFit(BaseModel):
    """A fitted video in the media store."""

    model_config = ConfigDict(frozen=True)

    key: str
    speed_factor: float
    duration: float
    """Seconds."""
    frames: int
    fps: float
    width: int
    height: int
    warnings: tuple[str, ...]

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.key,)


def fit_request(video: FetchedMedia, audio: FetchedMedia, encoder: Encoder, quality: Quality) -> FitRequest:
    """Asks for the stored video to be fitted to the stored sound."""
    return FitRequest(
        video_key=video.key,
        audio_key=audio.key,
        video_sha256=video.sha256,
        audio_sha256=audio.sha256,
        encoder=encoder,
        quality=quality,
    )


@step("fit")
def fit_video(request: FitRequest, progress: Progress) -> StoredFit:
    """Writes the fitted video as MP4 into the media store. Raises as `tasks.video.fitting.fit_to_audio`."""
    settings = get_settings()
    store = media_store(settings)
    key = f"videos/{request.cache_key()}.mp4"
    with (
        scratch_directory(settings.home, "fit") as folder,
        store.open_local(request.video_key) as video,
        store.open_local(request.audio_key) as audio,
    ):
        fitted = fit_to_audio(
            video,
            audio,
            folder / "video.mp4",
            encoder=request.encoder,
            quality=request.quality,
            deadline=seconds_of_job(),
            threads=usable_threads(),
            progress=part_of(progress, 0.0, 0.95),
        )
        store.put_file(folder / "video.mp4", key)
    return StoredFit(
        key=key,
        speed_factor=fitted.speed_factor,
        duration=fitted.seconds,
        frames=fitted.frames,
        fps=fitted.fps,
        width=fitted.width,
        height=fitted.height,
        warnings=fitted.warnings,
    )
