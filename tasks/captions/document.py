"""What a caller learns of a video with captions."""

from collections.abc import Iterator

from pydantic import BaseModel

from tasks.captions.fonts import Typeface
from tasks.jobs.document import JobDocument
from tasks.jobs.summary import entry, place
from tasks.video.document import video_summary
from tasks.video.encoding import Encoder


class UsedFont(BaseModel):
    """The font that was asked for, and the one that was used."""

    asked: str
    used: str
    stands_in: bool

    @classmethod
    def of(cls, typeface: Typeface) -> "UsedFont":
        """What became of the name that was asked for."""
        return cls(asked=typeface.asked, used=typeface.family, stands_in=typeface.mapped)


class CaptionResult(BaseModel):
    """A captioned video."""

    file: str
    """Store key."""
    url: str
    duration: float
    """Seconds."""
    width: int
    height: int
    fps: float | None
    captions: int
    """Subtitles or words that were read."""
    encoding: str | None
    """How the file was read ("utf-8", "cp1251")."""
    font: UsedFont
    encoder: Encoder
    warnings: tuple[str, ...]


class PreviewPicture(BaseModel):
    """A picture of a video with its captions."""

    seconds: float
    """When in the video."""
    file: str
    """Store key of a JPEG."""
    url: str


class PreviewResult(BaseModel):
    """What a video with captions would look like."""

    preview: tuple[PreviewPicture, ...]
    captions: int
    encoding: str | None
    font: UsedFont
    warnings: tuple[str, ...]


class CaptionOutcome(BaseModel):
    """The fields that captions add to the job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: CaptionResult | PreviewResult


class _Pictures(BaseModel):
    """What is printed of a preview."""

    preview: list[PreviewPicture]
    warnings: list[str]


def caption_summary(document: JobDocument) -> Iterator[str]:
    """Where the video is, or the pictures of its preview; and what is to be said of it."""
    if document.result is None or "preview" not in document.result:
        yield from video_summary(document)
        return
    found = _Pictures.model_validate(document.result)
    for picture in found.preview:
        yield entry("preview", f"{picture.seconds:.1f} s  {place(picture.url)}")
    for warning in found.warnings:
        yield entry("warning", warning)
