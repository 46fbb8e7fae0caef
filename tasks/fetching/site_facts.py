"""What sites say about videos, playlists and channels."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Picture(_Frozen):
    """A thumbnail."""

    url: str
    width: int | None = None
    height: int | None = None


class Chapter(_Frozen):
    """A stretch of a video that has a title; in seconds."""

    title: str
    start: float
    end: float | None = None


class VideoFacts(_Frozen):
    """One video, as its page tells; None for what that does not tell."""

    url: str
    id: str
    title: str
    description: str = ""
    channel: str | None = None
    channel_id: str | None = None
    channel_url: str | None = None
    followers: int | None = None
    """Of the channel."""
    published: date | None = None
    """The day, in UTC."""
    published_at: datetime | None = None
    """The moment, where it is told."""
    duration: float | None = None
    """Seconds."""
    views: int | None = None
    likes: int | None = None
    comments: int | None = None
    """How many there are."""
    language: str | None = None
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    thumbnail: str | None = None
    thumbnails: tuple[Picture, ...] = ()
    """Those whose size is known, the largest last."""
    age_limit: int | None = None
    """Years."""
    availability: str | None = None
    """Who may see it: public, unlisted, needs_auth, subscriber_only, premium_only, private."""
    live: str | None = None
    """not_live, is_live, is_upcoming, was_live, post_live."""
    site: str = ""
    """Which site, as yt-dlp names it: Youtube, Vimeo …"""


class ListFacts(_Frozen):
    """A channel or a playlist."""

    kind: Literal["channel", "playlist"]
    url: str
    id: str
    title: str
    description: str = ""
    channel: str | None = None
    channel_id: str | None = None
    channel_url: str | None = None
    followers: int | None = None
    videos: int | None = None
    """How many it has, where that is told."""
    changed: date | None = None
    tags: tuple[str, ...] = ()
    thumbnail: str | None = None


class ListedVideo(_Frozen):
    """One video of a channel or a playlist, as the list tells."""

    url: str
    id: str
    title: str
    about: date | None = None
    """About when it was published: never earlier than it was, and up to a year later ("2 years ago")."""


class Survey(_Frozen):
    """What is at an address."""

    list: ListFacts | None = None
    """The channel or the playlist; None for a single video."""
    videos: tuple[ListedVideo, ...]
    """In the order of the site, which for a channel is from the newest on."""
