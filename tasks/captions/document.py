"""What a caller learns of a video with captions."""

from pydantic import BaseModel

from tasks.video.encoding import Encoder


class UsedFont(BaseModel):
    """The font that was asked for, and the one that was used."""

    asked: str
    used: str
    stands_in: bool


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
    """How the subtitles were read ("utf-8", "cp1251"); None for words."""
    font: UsedFont
    encoder: Encoder
    warnings: tuple[str, ...]


class CaptionOutcome(BaseModel):
    """The fields that captions add to the job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: CaptionResult
