"""What an img2vid job is made of: clips, shared out to shards."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.errors import ContrapontoError
from tasks.fetching.source import Source
from tasks.jobs.identifiers import ItemIdentifier
from tasks.video.clip import ClipOptions
from tasks.video.framing import UsedBackground
from tasks.video.subject import SubjectKind
from tasks.video.zoom_types import ZoomType, share_out

ONE_SHARD = 50
"""So many images are not worth the start of a second run."""
IMAGES_PER_SHARD = 34
"""A hundred images are three shards of about the same size."""
MAX_SHARDS = 3


class Image(BaseModel):
    """An image and how long it is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: ItemIdentifier
    image_url: Source
    duracao: Annotated[float, Field(ge=0.1, le=1000)]
    """Seconds."""


class ClipOrder(BaseModel):
    """A clip to make."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    index: Annotated[int, Field(ge=1)]
    """Its place in the job; the file is named by it."""
    image: Image
    zoom_type: ZoomType


class ShardOrder(BaseModel):
    """Clips that one run makes."""

    model_config = ConfigDict(frozen=True)

    clips: tuple[ClipOrder, ...]
    folder: str
    """Prefix of the store keys, without a slash at its end."""
    options: ClipOptions


class VideoClip(BaseModel):
    """What became of one image."""

    id: ItemIdentifier
    index: int
    status: Literal["completed", "failed"]
    zoom_type: ZoomType
    file: str | None = None
    """Store key."""
    url: str | None = None
    thumbnail: str | None = None
    """Store key of a small JPEG."""
    duration: float | None = None
    """Seconds, a whole number of frames."""
    frames: int | None = None
    encoder: str | None = None
    background: UsedBackground | None = None
    subject: SubjectKind | None = None
    """What was found in the image and is followed by the camera."""
    warnings: tuple[str, ...] = ()
    """What is to be said of its image."""
    error: str | None = None
    error_code: str | None = None


class ShardResult(BaseModel):
    """The clips of one shard, in their order."""

    clips: tuple[VideoClip, ...]
    store: str
    """The media store, as the settings of who made them name it, that `file` and `thumbnail` are keys of."""

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return tuple(key for clip in self.clips for key in (clip.file, clip.thumbnail) if key)


def plan_clips(images: Sequence[Image], zoom_types: Sequence[ZoomType]) -> list[ClipOrder]:
    """The clips in the order of their images. The same images and zoom types always give the same film."""
    named = "\n".join([*zoom_types, *(image.model_dump_json() for image in images)])
    seed = hashlib.sha256(named.encode()).hexdigest()
    chosen = share_out(len(images), zoom_types, seed)
    return [
        ClipOrder(index=number, image=image, zoom_type=zoom)
        for number, (image, zoom) in enumerate(zip(images, chosen, strict=True), start=1)
    ]


def plan_shards(clips: Sequence[ClipOrder], most: int = MAX_SHARDS) -> list[tuple[ClipOrder, ...]]:
    """The clips in shards whose sizes differ by one at most: one for up to 50 clips, then one for 34 each."""
    count = 1 if len(clips) <= ONE_SHARD else min(most, -(-len(clips) // IMAGES_PER_SHARD))
    size, larger = divmod(len(clips), count)
    shards, start = [], 0
    for number in range(count):
        end = start + size + (number < larger)
        shards.append(tuple(clips[start:end]))
        start = end
    return shards


def file_name(clip: ClipOrder) -> str:
    """What a clip's file is called."""
    return f"video_{clip.index}.mp4"


def failed_clip(clip: ClipOrder, error: ContrapontoError) -> VideoClip:
    """The entry of a clip that could not be made."""
    return VideoClip(
        id=clip.image.id,
        index=clip.index,
        status="failed",
        zoom_type=clip.zoom_type,
        error=str(error),
        error_code=error.code,
    )
