"""Downloads the recording behind any URL: by plain HTTP, or through yt-dlp where the URL leads to a page."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

from tasks.errors import NotMediaError, SourceForbiddenError
from tasks.fetching.content import has_media_extension
from tasks.fetching.direct import download_file
from tasks.fetching.lists import empty, read_list, several
from tasks.fetching.results import Download, TransferOptions
from tasks.fetching.sites import download_from_site
from tasks.net.urls import CheckedUrl, check_url
from tasks.progress import Progress, ignore_progress, part_of

# Asking yt-dlp which site a URL belongs to costs a second and 1,700 patterns; a direct file must not pay
# that. For these sites plain HTTP is known to be of no use; every other page is recognised by its answer.
_SITES = re.compile(
    r"(?:^|\.)(?:youtube\.com|youtu\.be|youtube-nocookie\.com|vimeo\.com|soundcloud\.com|twitch\.tv|tiktok\.com|"
    r"instagram\.com|facebook\.com|fb\.watch|twitter\.com|x\.com|dailymotion\.com|dai\.ly|bandcamp\.com|mixcloud\.com|"
    r"bilibili\.com|rumble\.com|odysee\.com|reddit\.com|linkedin\.com|kick\.com|ted\.com|globo\.com|rutube\.ru|vk\.com)$"
)


def download(
    url: CheckedUrl, directory: Path, options: TransferOptions, progress: Progress = ignore_progress
) -> Download:
    """Downloads the one recording behind `url` into `directory`.

    A URL of a known video site goes to yt-dlp; any other is fetched directly, and handed to yt-dlp if it
    turns out to be a page (or an HLS or DASH playlist). Raises as `download_file` and `download_from_site`.
    """
    return _download(url, directory, options, progress, lists=True)


def _download(
    url: CheckedUrl, directory: Path, options: TransferOptions, progress: Progress, *, lists: bool
) -> Download:
    """`lists`: a list of one recording is that recording, but no list of lists."""
    ends = time.monotonic() + options.deadline

    def from_site(progress: Progress, *, dedicated_only: bool) -> Download:
        left = replace(options, deadline=ends - time.monotonic())
        return download_from_site(url, directory, left, progress, dedicated_only=dedicated_only)

    if is_known_site(url):
        return from_site(progress, dedicated_only=False)
    try:
        found = download_file(url, directory, options, progress)
    except SourceForbiddenError as refusal:
        # Some sites refuse everything but browsers; where yt-dlp knows the site, it knows how to ask.
        try:
            return from_site(progress, dedicated_only=True)
        except NotMediaError:
            raise refusal from None
    if isinstance(found, Download):
        return found
    left = replace(options, deadline=ends - time.monotonic())
    if lists and (listed := read_list(found, left)) is not None:
        if not listed.entries:
            raise empty(url.masked, listed)
        only = listed.entries[0]
        if len(listed.entries) > 1:
            raise several(url.masked, listed)
        left = replace(options, deadline=ends - time.monotonic())
        one = _download(check_url(only.url), directory, left, progress, lists=False)
        return replace(one, title=only.title or one.title)
    try:
        return from_site(part_of(progress, 0.05, 1.0), dedicated_only=False)
    except NotMediaError as error:
        kind = (found.content_type or "text").partition(";")[0]
        raise NotMediaError(
            f"{url.masked} is not a media file but a page ({kind}) without audio or video.",
            hint="Give the address of the recording itself, or of its page on a supported site.",
        ) from error


def is_known_site(url: CheckedUrl) -> bool:
    """Whether the URL is a page of a site known to need yt-dlp."""
    return bool(_SITES.search(url.host)) and not has_media_extension(url.text)
