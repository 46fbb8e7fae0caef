"""Images → clips with slow camera moves, over several workers; and a video fitted to its narration.

`flows/captions.py` puts text onto videos.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from prefect import get_run_logger
from pydantic import BaseModel, Field, JsonValue

from blocks.from_settings import media_store
from blocks.settings import get_settings
from blocks.store_keys import result_file, result_folder
from flows.transcription import Priority, Source, WebhookUrl
from tasks.errors import ContrapontoError, EngineError
from tasks.fetching.steps import FetchedMedia, fetch_media, fetch_request
from tasks.jobs.correlation import correlation_id
from tasks.jobs.shards import do_shards
from tasks.jobs.step import current_job, job_flow, run_step, write_image, write_table
from tasks.jobs.tracker import StageParts, StageTracker
from tasks.video.clip import Background, ClipOptions
from tasks.video.contact_sheet import contact_sheet
from tasks.video.encoding import Encoder, Quality, choose_encoder
from tasks.video.fitting import MAX_SECONDS
from tasks.video.serverless.steps import rent_clips
from tasks.video.shards import (
    MAX_SHARDS,
    ClipOrder,
    Image,
    ShardOrder,
    ShardResult,
    VideoClip,
    failed_clip,
    plan_clips,
    plan_shards,
)
from tasks.video.steps import FitRequest, StoredFit, fit_video, make_clips
from tasks.video.zoom_types import ZoomType
from tasks.webhooks.notify import check_receiver

SHARD_DEPLOYMENT = "img2vid-shard/img2vid-shard"
_SHOWN = 48
"""Clips on the picture of a job."""

Images = Annotated[list[Image], Field(min_length=1, max_length=10_000)]
ZoomTypes = Annotated[list[ZoomType], Field(min_length=1, max_length=100)]
Side = Annotated[int, Field(ge=64, le=4096, multiple_of=2)]
StorePath = Annotated[str, Field(max_length=800)]
FileName = Annotated[str, Field(min_length=1, max_length=200)]
Echo = Annotated[str, Field(max_length=200)]


class Img2VidResult(BaseModel):
    """What became of the images of a job."""

    videos: tuple[VideoClip, ...]
    """In the order of the images."""
    total: int
    completed: int
    failed: int
    duration: float
    """Of the completed clips together, in seconds."""
    width: int
    height: int
    fps: int
    shards: int


class Img2VidOutcome(BaseModel):
    """The fields that img2vid adds to its job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: Img2VidResult


@job_flow(operation="img2vid", stages=("clips",), time_limit="img2vid_timeout_minutes")
async def img2vid(
    images: Images,
    webhook_url: WebhookUrl,
    zoom_types: ZoomTypes = ["zoomin"],  # noqa: B006 - Prefect shows the default in its form
    path: StorePath | None = None,
    width: Side = 1920,
    height: Side = 1080,
    fps: Annotated[int, Field(ge=1, le=60)] = 24,
    background: Background = "fill",
    quality: Quality = "standard",
    max_shards: Annotated[int, Field(ge=1, le=100)] = MAX_SHARDS,
    priority: Priority = "default",  # noqa: ARG001 - decides the queue when the job is submitted
    id_roteiro: Echo | None = None,  # noqa: ARG001 - echoed by the job's document
    metadata: dict[str, JsonValue] | None = None,  # noqa: ARG001 - echoed by the job's document
) -> Img2VidOutcome:
    """Make a clip with a slow camera move of each image.

    Args:
        images: Each with id, image_url (or a store key) and duracao, its seconds (0.1 to 1000).
        webhook_url: Address that is told when the job has ended.
        zoom_types: Moves to share out among the clips: zoomin, zoomout, zoompanright.
        path: Folder of the media store for video_1.mp4, video_2.mp4 …; empty for one of the job's own.
        width: Of the clips, in pixels.
        height: Of the clips, in pixels.
        fps: Frames a second.
        background: For images of another shape: fill crops them, blur shows them whole over a blurred enlargement.
        quality: draft is fastest, high is for further editing.
        max_shards: Most runs that share the work; one does up to 50 images.
        priority: Which queue the job waits in. Takes effect with contraponto submit; over REST name the work queue.
        id_roteiro: Your own identifier; echoed.
        metadata: Anything of yours; echoed.
    """
    await check_receiver(webhook_url)
    job = current_job()
    folder = result_folder(path, job.document.job_id)
    options = ClipOptions(width=width, height=height, fps=fps, background=background, quality=quality)
    clips = plan_clips(images, zoom_types)
    shards = plan_shards(clips, max_shards)
    with job.stage("clips") as stage:
        parts = StageParts(stage, len(clips))
        orders = [ShardOrder(clips=shard, folder=folder, options=options) for shard in shards]
        videos = await _make(orders, parts)
    result = Img2VidResult(
        videos=videos,
        total=len(videos),
        completed=sum(video.status == "completed" for video in videos),
        failed=sum(video.status == "failed" for video in videos),
        duration=round(sum(video.duration or 0.0 for video in videos), 3),
        width=width,
        height=height,
        fps=fps,
        shards=len(shards),
    )
    await _show(result)
    if not result.completed:
        raise EngineError(
            f"None of the {result.total} images became a clip. The first: {videos[0].error}",
            hint="The table of the job names the reason for each.",
        )
    return Img2VidOutcome(path=folder, result=result)


async def _make(orders: list[ShardOrder], parts: StageParts) -> tuple[VideoClip, ...]:
    """The clips of all shards, in order. What a shard could not do is a failed clip, never an exception."""
    settings = get_settings()
    job_id = current_job().document.job_id
    # The pieces of the stage are the clips; their numbers begin at 1.
    shares = [parts.part(order.clips[0].index - 1, len(order.clips)) for order in orders]
    made: Sequence[ShardResult | ContrapontoError]
    if settings.video_endpoint_url:
        rented = (_rented(order, job_id, share) for order, share in zip(orders, shares, strict=True))
        made = await asyncio.gather(*rented)
    else:

        async def here(number: int) -> ShardResult:
            return await make_clips(orders[number], parts, orders[number].clips[0].index - 1)

        made = await do_shards(
            SHARD_DEPLOYMENT,
            [{**order.model_dump(mode="json"), "correlation_id": correlation_id()} for order in orders],
            here,
            ShardResult,
            lambda number, fraction: shares[number].progress(fraction),
        )
    videos: list[VideoClip] = []
    for order, result in zip(orders, made, strict=True):
        if isinstance(result, ContrapontoError):
            get_run_logger().warning("A shard of %d clips failed: %s", len(order.clips), result)
            videos += [failed_clip(clip, result) for clip in order.clips]
        else:
            videos += result.clips
    return tuple(sorted(videos, key=lambda video: video.index))


async def _rented(order: ShardOrder, job_id: str, share: StageTracker) -> ShardResult | ContrapontoError:
    try:
        return await rent_clips(order, job_id, share)
    except ContrapontoError as error:
        if error.code == "cancelled":
            raise
        return error


async def _show(result: Img2VidResult) -> None:
    """Artifacts for people: a picture of the clips, and a table of them."""
    store = media_store(get_settings())

    def sheet() -> bytes:
        small = [
            (video.index, store.read_bytes(video.thumbnail) if video.thumbnail else None)
            for video in result.videos[:_SHOWN]
            if video.thumbnail or video.status == "failed"
        ]
        return contact_sheet(small) if small else b""

    if picture := await asyncio.to_thread(sheet):
        await write_image("clips", picture, "The clips of the job")
    rows = [
        {
            "clip": video.index,
            "image": video.id,
            "move": video.zoom_type,
            "seconds": video.duration if video.duration is not None else "",
            "file": video.file or "",
            "link": video.url or "",
            "error": video.error or "",
        }
        for video in result.videos
    ]
    await write_table("videos", rows, "One line for each image")


class ShardOutcome(BaseModel):
    """The fields that a shard adds to its job document."""

    result: ShardResult


@job_flow(operation="img2vid-shard", stages=("clips",), time_limit="img2vid_timeout_minutes")
async def img2vid_shard(
    clips: Annotated[list[ClipOrder], Field(min_length=1, max_length=10_000)],
    folder: StorePath,
    options: ClipOptions,
    correlation_id: Echo | None = None,  # noqa: ARG001 - marks the run's log as that of the job
) -> ShardOutcome:
    """Make some of the clips of an img2vid job, which starts this by itself.

    Args:
        clips: Images and how each moves.
        folder: Folder of the media store for the clips.
        options: What all clips have in common.
        correlation_id: What the job's log is marked with.
    """
    order = ShardOrder(clips=tuple(clips), folder=result_folder(folder, ""), options=options)
    with current_job().stage("clips") as stage:
        return ShardOutcome(result=await make_clips(order, StageParts(stage, len(clips))))


class AddAudioResult(BaseModel):
    """A video as long as its sound."""

    file: str
    """Store key."""
    url: str
    speed_factor: float
    """How many times faster than before the picture runs; below 1 it is slowed down."""
    duration: float
    """Seconds."""
    frames: int
    width: int
    height: int
    fps: float
    encoder: Encoder


class AddAudioOutcome(BaseModel):
    """The fields that addaudio adds to its job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: AddAudioResult


@job_flow(operation="addaudio", stages=("download", "rendering"), time_limit="addaudio_timeout_minutes")
async def addaudio(
    url_video: Source,
    url_audio: Source,
    webhook_url: WebhookUrl,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
    priority: Priority = "default",  # noqa: ARG001 - decides the queue when the job is submitted
    id_roteiro: Echo | None = None,  # noqa: ARG001 - echoed by the job's document
    metadata: dict[str, JsonValue] | None = None,  # noqa: ARG001 - echoed by the job's document
) -> AddAudioOutcome:
    """Stretch or squeeze a video to the length of a recording, and put that sound under it.

    Args:
        url_video: Address of the video, or its key in the media store. Its own sound is left out.
        url_audio: Address of the sound, or its key in the media store.
        webhook_url: Address that is told when the job has ended.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
        priority: Which queue the job waits in. Takes effect with contraponto submit; over REST name the work queue.
        id_roteiro: Your own identifier; echoed.
        metadata: Anything of yours; echoed.
    """
    await check_receiver(webhook_url)
    job = current_job()
    settings = get_settings()
    store = media_store(settings)
    folder = result_folder(path, job.document.job_id)
    target = f"{folder}/{result_file(output_filename, 'video', '.mp4')}"
    encoder = await asyncio.to_thread(choose_encoder, settings.video_encoder)

    with job.stage("download") as stage:
        parts = StageParts(stage, 2)
        video_request = await fetch_request(url_video, "video", MAX_SECONDS)
        audio_request = await fetch_request(url_audio, "audio", MAX_SECONDS)
        video = await run_step(fetch_media, video_request, parts.part(0), store, FetchedMedia)
        audio = await run_step(fetch_media, audio_request, parts.part(1), store, FetchedMedia)

    with job.stage("rendering") as stage:
        request = FitRequest(
            store=settings.store,
            video_key=video.key,
            audio_key=audio.key,
            video_sha256=video.sha256,
            audio_sha256=audio.sha256,
            encoder=encoder,
            quality=quality,
        )
        fitted = await run_step(fit_video, request, stage, store, StoredFit)
        await asyncio.to_thread(store.copy_file, fitted.key, target)

    return AddAudioOutcome(
        path=folder,
        result=AddAudioResult(
            file=target,
            url=store.url(target),
            speed_factor=fitted.speed_factor,
            duration=fitted.duration,
            frames=fitted.frames,
            width=fitted.width,
            height=fitted.height,
            fps=fitted.fps,
            encoder=encoder,
        ),
    )
