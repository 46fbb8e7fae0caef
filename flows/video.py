"""Images → clips with slow camera moves, over several workers; and a video fitted to its narration.

`flows/captions.py` puts text onto videos.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from prefect import get_run_logger
from pydantic import Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from blocks.store_keys import result_file, result_folder
from flows.job import job_flow
from flows.parameters import FileName, Source, StorePath, from_job
from tasks.errors import ContrapontoError, EngineError
from tasks.fetching.steps import fetch_media, fetch_request
from tasks.jobs.artifacts import write_image, write_table
from tasks.jobs.correlation import correlation_id
from tasks.jobs.markdown import link
from tasks.jobs.page import UNSAID
from tasks.jobs.shards import do_shards
from tasks.jobs.step import run_step
from tasks.jobs.tracker import StageParts, StageTracker, current_job
from tasks.media.rates import FrameRate
from tasks.video.clip import ClipOptions
from tasks.video.contact_sheet import contact_sheet
from tasks.video.document import (
    AddAudioOutcome,
    AddAudioResult,
    Img2VidOutcome,
    Img2VidResult,
    ShardOutcome,
    clips_summary,
    video_summary,
)
from tasks.video.encoding import Encoder, Quality, choose_encoder
from tasks.video.fitting import MAX_SECONDS
from tasks.video.framing import Background
from tasks.video.serverless.steps import serverless_clips
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
from tasks.video.steps import StoredFit, fit_request, fit_video, make_clips
from tasks.video.zoom_types import ZoomType

SHARD_DEPLOYMENT = "img2vid-shard/img2vid-shard"
_SHOWN = 48
"""Clips on the picture of a job."""

Images = Annotated[list[Image], Field(min_length=1, max_length=10_000)]
ZoomTypes = Annotated[list[ZoomType], Field(min_length=1, max_length=100)]
Side = Annotated[int, Field(ge=64, le=4096, multiple_of=2)]


@job_flow(
    operation="img2vid",
    stages=("clips",),
    needs_webhook=True,
    time_limit="img2vid_timeout_minutes",
    summary=clips_summary,
)
async def img2vid(
    images: Images,
    zoom_types: ZoomTypes = ["zoomin"],  # noqa: B006 - Prefect shows the default in its form
    path: StorePath | None = None,
    width: Side = 1920,
    height: Side = 1080,
    fps: FrameRate = 24,
    background: Background = "auto",
    quality: Quality = "standard",
    max_shards: Annotated[int, Field(ge=1, le=100)] = MAX_SHARDS,
) -> Img2VidOutcome:
    """Make a clip with a slow camera move of each image.

    Args:
        images: Each with id, image_url (or a store key) and duracao, its seconds (0.1 to 1000).
        zoom_types: Moves to share out among the clips: zoomin, zoomout, zoompanright.
        path: Folder of the media store for video_1.mp4, video_2.mp4 …; empty for one of the job's own.
        width: Of the clips, in pixels.
        height: Of the clips, in pixels.
        fps: Frames a second, 1 to 60; also 23.976, 29.97 and 59.94.
        background: fill crops to the clip's shape, blur shows all over its own blur, auto fills where the subject fits.
        quality: draft is fastest, high is for further editing.
        max_shards: Most runs that share the work; one does up to 50 images.
    """
    folder = result_folder(path, current_job().document.job_id)
    options = ClipOptions(width=width, height=height, fps=fps, background=background, quality=quality)
    clips = plan_clips(images, zoom_types)
    shards = plan_shards(clips, max_shards)
    orders = [ShardOrder(clips=shard, folder=folder, options=options) for shard in shards]

    with current_job().stage("clips") as stage:
        videos = await _make(orders, StageParts(stage, len(clips)))

    result = Img2VidResult.of(videos, options, len(shards))
    await _show(result)
    if not result.completed:
        raise EngineError(
            f"None of the {result.total} images became a clip. The first: {videos[0].error or UNSAID}",
            hint="The table of the job names the reason for each.",
        )
    return Img2VidOutcome(path=folder, result=result)


async def _make(orders: list[ShardOrder], parts: StageParts) -> tuple[VideoClip, ...]:
    """The clips of all shards, in order. What a shard could not do is a failed clip, never an exception."""
    settings = get_settings()
    # The pieces of the stage are the clips; their numbers begin at 1.
    shares = [parts.part(order.clips[0].index - 1, len(order.clips)) for order in orders]
    made: Sequence[ShardResult | ContrapontoError]
    if settings.video_endpoint_url:
        elsewhere = (_serverless(order, share) for order, share in zip(orders, shares, strict=True))
        made = await asyncio.gather(*elsewhere)
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


async def _serverless(order: ShardOrder, share: StageTracker) -> ShardResult | ContrapontoError:
    try:
        with share:
            return await serverless_clips(order, current_job().document.job_id)
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
            "status": video.status,
            "image": video.id,
            "move": video.zoom_type,
            "subject": video.subject or "",
            "background": video.background or "",
            "seconds": video.duration if video.duration is not None else "",
            "file": video.file or "",
            "link": link(video.url) if video.url else "",
            "error": (video.error or UNSAID) if video.status == "failed" else "",
        }
        for video in result.videos
    ]
    await write_table("videos", rows, "One line for each image")


@job_flow(
    operation="img2vid-shard",
    stages=("clips",),
    envelope=from_job,
    time_limit="img2vid_timeout_minutes",
)
async def img2vid_shard(
    clips: Annotated[list[ClipOrder], Field(min_length=1, max_length=10_000)],
    folder: StorePath,
    options: ClipOptions,
) -> ShardOutcome:
    """Make some of the clips of an img2vid job, which starts this by itself.

    Args:
        clips: Images and how each moves.
        folder: Folder of the media store for the clips.
        options: What all clips have in common.
    """
    order = ShardOrder(clips=tuple(clips), folder=result_folder(folder, ""), options=options)
    with current_job().stage("clips") as stage:
        return ShardOutcome(result=await make_clips(order, StageParts(stage, len(clips))))


@job_flow(
    operation="addaudio",
    stages=("download", "rendering"),
    needs_webhook=True,
    time_limit="addaudio_timeout_minutes",
    summary=video_summary,
)
async def addaudio(
    url_video: Source,
    url_audio: Source,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
) -> AddAudioOutcome:
    """Stretch or squeeze a video to the length of a recording, and put that sound under it.

    Args:
        url_video: Address of the video, or its key in the media store. Its own sound is left out.
        url_audio: Address of the sound, or its key in the media store.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
    """
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
        with parts.part(0):
            video = await run_step(fetch_media, video_request)
        with parts.part(1):
            audio = await run_step(fetch_media, audio_request)

    with job.stage("rendering"):
        fitted = await run_step(fit_video, fit_request(video, audio, encoder, quality))
        await asyncio.to_thread(store.copy_file, fitted.key, target)

    return AddAudioOutcome(path=folder, result=_fitted(fitted, target, store.url(target), encoder))


def _fitted(fitted: StoredFit, file: str, url: str, encoder: Encoder) -> AddAudioResult:
    return AddAudioResult(file=file, url=url, encoder=encoder, **fitted.model_dump(exclude={"key"}))
