"""What a caller learns of the video jobs."""

from collections.abc import Iterator

from pydantic import BaseModel

from tasks.jobs.document import JobDocument
from tasks.jobs.identifiers import ItemIdentifier
from tasks.jobs.summary import entry, place
from tasks.media.rates import FrameRate
from tasks.video.clip import ClipOptions
from tasks.video.encoding import Encoder
from tasks.video.shards import ShardResult, VideoClip

_LISTED = 10
"""Clips whose places are printed."""


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
    fps: FrameRate
    shards: int
    warnings: tuple[str, ...] = ()
    """What is to be said of images, by their ids."""

    @classmethod
    def of(cls, videos: tuple[VideoClip, ...], options: ClipOptions, shards: int) -> "Img2VidResult":
        """The clips, counted."""
        return cls(
            videos=videos,
            total=len(videos),
            completed=sum(video.status == "completed" for video in videos),
            failed=sum(video.status == "failed" for video in videos),
            duration=round(sum(video.duration or 0.0 for video in videos), 3),
            width=options.width,
            height=options.height,
            fps=options.fps,
            shards=shards,
            warnings=tuple(f"{video.id}: {warning}" for video in videos for warning in video.warnings),
        )


class Img2VidOutcome(BaseModel):
    """The fields that img2vid adds to its job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: Img2VidResult


class ShardOutcome(BaseModel):
    """The fields that a shard adds to its job document."""

    result: ShardResult


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
    warnings: tuple[str, ...] = ()


class AddAudioOutcome(BaseModel):
    """The fields that addaudio adds to its job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: AddAudioResult


class _Clip(BaseModel):
    """What is printed of one clip."""

    index: int
    id: ItemIdentifier
    url: str | None
    error: str | None


class _Clips(BaseModel):
    """What is printed of a result that is clips."""

    videos: list[_Clip]
    warnings: list[str] = []


class _Video(BaseModel):
    """What is printed of a result that is one video."""

    url: str
    speed_factor: float | None = None
    warnings: list[str] = []


def clips_summary(document: JobDocument) -> Iterator[str]:
    """Every failure; of the other clips the places of the first ones."""
    if document.result is None:
        return
    result = _Clips.model_validate(document.result)
    clips = result.videos
    made = [clip for clip in clips if clip.url]
    for clip in made[:_LISTED]:
        yield entry("video", place(clip.url or ""))
    if len(made) > _LISTED:
        yield entry("", f"and {len(made) - _LISTED} more beside them")
    for clip in clips:
        if clip.error:
            yield entry("failed", f"{clip.index}, {clip.id}: {clip.error}")
    for warning in result.warnings:
        yield entry("warning", warning)


def video_summary(document: JobDocument) -> Iterator[str]:
    """Where the video is, and what is to be said of it."""
    if document.result is None:
        return
    video = _Video.model_validate(document.result)
    yield entry("video", place(video.url))
    if video.speed_factor is not None:
        yield entry("speed", f"{video.speed_factor:.3f}")
    for warning in video.warnings:
        yield entry("warning", warning)
