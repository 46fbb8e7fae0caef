"""Videos of sites with the facts about them: which are collected, and what is told of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest

from pydantic import BaseModel, ConfigDict

from tasks.fetching.site_facts import ListedVideo, VideoFacts

_ROUNDED = timedelta(days=2)
"""By how much "about" may be too early, as sites count in whole days."""
_PLAYABLE = (None, "", "not_live", "was_live")


class Spoken(BaseModel):
    """A phrase; in seconds."""

    model_config = ConfigDict(frozen=True)

    start: float
    end: float
    text: str
    speaker: str | None = None


class VideoTranscript(BaseModel):
    """What is said in a video, or why that is not known."""

    model_config = ConfigDict(frozen=True)

    job_id: str | None = None
    """Of the job `transcribe` that wrote it down."""
    language: str | None = None
    text: str | None = None
    segments: tuple[Spoken, ...] = ()
    files: dict[str, str] = {}
    """Store keys, by the format: srt, vtt, txt …"""
    error: str | None = None
    error_code: str | None = None


class CollectedVideo(VideoFacts):
    """One video; with an `error` nothing is known of it but what its list says."""

    transcript: VideoTranscript | None = None
    error: str | None = None
    error_code: str | None = None

    @property
    def can_be_heard(self) -> bool:
        """Whether there is a finished recording, as far as is known."""
        return self.error is None and self.live in _PLAYABLE


@dataclass(frozen=True)
class Candidates:
    """The videos to look at, those first that are newest as far as lists tell."""

    videos: tuple[ListedVideo, ...]

    @classmethod
    def of(cls, lists: Sequence[Sequence[ListedVideo]], since: date | None) -> "Candidates":
        """Those of all lists, each once, without those that are surely older than `since`.

        A list without dates is taken in its own order, and what has no date may be new.
        """
        known: dict[str, ListedVideo] = {}
        for row in zip_longest(*lists):
            for each in row:
                if each is not None:
                    known.setdefault(each.url, each)
        young = [
            each
            for each in known.values()
            if since is None or each.about is None or since - each.about <= _ROUNDED
        ]
        return cls(tuple(sorted(young, key=lambda each: each.about or date.max, reverse=True)))


def newest_first(videos: Sequence[CollectedVideo]) -> list[CollectedVideo]:
    """By the day, those without one last."""
    return sorted(videos, key=lambda each: each.published or date.min, reverse=True)


def without_segments(video: CollectedVideo) -> CollectedVideo:
    """Without the times of what is said."""
    if video.transcript is None:
        return video
    return video.model_copy(update={"transcript": video.transcript.model_copy(update={"segments": ()})})


def abridged(video: CollectedVideo) -> CollectedVideo:
    """With the beginning of its texts."""
    return _cut(video, 500, 2_000).model_copy(update={"thumbnails": (), "tags": video.tags[:20]})


def with_little_text(video: CollectedVideo) -> CollectedVideo:
    """With what a line of a table shows."""
    return _cut(video, 100, 200).model_copy(update={"chapters": (), "tags": video.tags[:5]})


def _cut(video: CollectedVideo, description: int, text: int) -> CollectedVideo:
    changes: dict[str, object] = {"description": video.description[:description]}
    if video.transcript is not None and video.transcript.text is not None:
        changes["transcript"] = video.transcript.model_copy(update={"text": video.transcript.text[:text]})
    return video.model_copy(update=changes)
