"""Facts about videos and lists, out of what yt-dlp's extractors give. Runs in the process of `_ytdlp_child`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from tasks.errors import InvalidInputError
from tasks.fetching.site_facts import Chapter, ListedVideo, ListFacts, Picture, Survey, VideoFacts
from tasks.foreign_text import one_line, printable
from tasks.net.urls import mask_url, mask_urls

OPTIONS: dict[str, Any] = {
    "skip_download": True,
    # A video that cannot be played here and now (a premiere, one for members) has facts all the same.
    "ignore_no_formats_error": True,
    "extractor_args": {
        # All facts are in the page itself: neither players nor JavaScript are asked.
        "youtube": {"player_client": ["web"], "player_skip": ["js", "configs"]},
        "youtubetab": {"approximate_date": [""]},
    },
}
"""For the facts alone."""

_LIST_KEYS = frozenset({"YoutubeTab", "YoutubePlaylist"})
_MOST_TEXT = 10_000
_MOST_LINE = 500
_MOST_PARTS = 500
"""Tags, chapters, pictures."""


def survey(ydl: Any, url: str, most: int) -> Survey:
    """What is at an address: at most `most` videos of each list there; a channel is a list of lists."""
    info = ydl.extract_info(url, download=False)
    if info is None or info.get("_type", "video") not in ("playlist", "multi_video"):
        return Survey(videos=(_listed(info, url),) if info else ())
    # A page with one video is that video.
    entries = [entry for entry in islice(info.get("entries") or (), most) if entry]
    alone = len(entries) == 1 and entries[0].get("_type", "video") == "video"
    found = {each.id: each for each in _videos(ydl, entries, most, depth=0)}
    return Survey(list=None if alone else _list_facts(info, url), videos=tuple(found.values()))


def _videos(
    ydl: Any, entries: Sequence[Mapping[str, Any]], most: int, *, depth: int
) -> Iterable[ListedVideo]:
    for entry in entries:
        if entry.get("ie_key") in _LIST_KEYS:
            if depth < 2:
                below = ydl.extract_info(entry["url"], download=False) or {}
                inside = [each for each in islice(below.get("entries") or (), most) if each]
                yield from _videos(ydl, inside, most, depth=depth + 1)
        elif entry.get("_type", "video") in ("playlist", "multi_video"):
            inside = [each for each in islice(entry.get("entries") or (), most) if each]
            yield from _videos(ydl, inside, most, depth=depth)
        elif entry.get("url") or entry.get("webpage_url"):
            yield _listed(entry, str(entry.get("url") or entry.get("webpage_url")))


def _listed(info: Mapping[str, Any], url: str) -> ListedVideo:
    from yt_dlp.utils import unsmuggle_url  # noqa: PLC0415 - only after the guard stands

    # What one extractor tells another within an address is no part of it.
    plain, _ = unsmuggle_url(str(url))
    known_as = str(info.get("id") or plain)
    return ListedVideo(
        url=plain, id=_line(known_as), title=_line(info.get("title") or known_as), about=_day(info)
    )


def video_facts(info: Mapping[str, Any], url: str) -> VideoFacts:
    """The facts about one video. Raises InvalidInputError for a list."""
    if info.get("_type", "video") != "video":
        raise InvalidInputError(f"{mask_url(url)} leads to several videos.", hint="Give the address of one.")
    pictures = [
        Picture(url=str(each["url"]), width=_count(each.get("width")), height=_count(each.get("height")))
        for each in info.get("thumbnails") or ()
        if each.get("url") and each.get("width")
    ]
    return VideoFacts(
        url=mask_url(str(info.get("webpage_url") or url)),
        id=_line(info.get("id") or ""),
        title=_line(info.get("title") or info.get("id") or ""),
        description=_text(info.get("description")),
        channel=_line(info.get("channel") or info.get("uploader") or "") or None,
        channel_id=_line(info.get("channel_id") or info.get("uploader_id") or "") or None,
        channel_url=_line(info.get("channel_url") or info.get("uploader_url") or "") or None,
        followers=_count(info.get("channel_follower_count")),
        published=_day(info),
        published_at=_moment(info.get("timestamp")),
        duration=_seconds(info.get("duration")),
        views=_count(info.get("view_count")),
        likes=_count(info.get("like_count")),
        comments=_count(info.get("comment_count")),
        language=_line(info.get("language") or "") or None,
        tags=_lines(info.get("tags")),
        categories=_lines(info.get("categories")),
        chapters=tuple(_chapters(info)),
        thumbnail=_line(info.get("thumbnail") or "") or None,
        thumbnails=tuple(pictures[-_MOST_PARTS:]),
        age_limit=_count(info.get("age_limit")),
        availability=_line(info.get("availability") or "") or None,
        live=_line(info.get("live_status") or "") or None,
        site=_line(info.get("extractor_key") or ""),
    )


def _list_facts(info: Mapping[str, Any], url: str) -> ListFacts:
    own, channel = str(info.get("id") or ""), str(info.get("channel_id") or "")
    is_channel = bool(channel) and channel in (own, info.get("uploader_id")) and own in ("", channel)
    pictures = [each for each in info.get("thumbnails") or () if each.get("url")]
    return ListFacts(
        kind="channel" if is_channel or own.startswith("@") else "playlist",
        url=mask_url(str(info.get("webpage_url") or url)),
        id=_line(own),
        title=_line(info.get("title") or own or mask_url(url)),
        description=_text(info.get("description")),
        channel=_line(info.get("channel") or info.get("uploader") or "") or None,
        channel_id=_line(channel) or None,
        channel_url=_line(info.get("channel_url") or info.get("uploader_url") or "") or None,
        followers=_count(info.get("channel_follower_count")),
        videos=_count(info.get("playlist_count")),
        changed=_date(info.get("modified_date")),
        tags=_lines(info.get("tags")),
        thumbnail=_line(pictures[-1]["url"]) if pictures else None,
    )


def _chapters(info: Mapping[str, Any]) -> Iterable[Chapter]:
    for each in islice(info.get("chapters") or (), _MOST_PARTS):
        if (start := _moment_of(each.get("start_time"))) is not None:
            yield Chapter(
                title=_line(each.get("title") or ""), start=start, end=_moment_of(each.get("end_time"))
            )


def _line(value: object) -> str:
    return one_line(mask_urls(str(value)), _MOST_LINE)


def _lines(values: object) -> tuple[str, ...]:
    given = values if isinstance(values, list | tuple) else ()
    return tuple(_line(value) for value in given[:_MOST_PARTS] if value)


def _text(value: object) -> str:
    return printable(str(value or ""))[:_MOST_TEXT]


def _count(value: object) -> int | None:
    found = _moment_of(value)
    return int(found) if found is not None and found < 2**53 else None


def _moment_of(value: object) -> float | None:
    if isinstance(value, int | float) and math.isfinite(value) and value >= 0:
        return float(value)
    return None


def _seconds(value: object) -> float | None:
    return _moment_of(value) or None


def _moment(timestamp: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(timestamp), UTC)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _date(compact: object) -> date | None:
    try:
        return datetime.strptime(str(compact), "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _day(info: Mapping[str, Any]) -> date | None:
    if found := _date(info.get("upload_date") or info.get("release_date")):
        return found
    moment = _moment(
        info.get("timestamp") if info.get("timestamp") is not None else info.get("release_timestamp")
    )
    return moment.date() if moment else None
