"""The choice between plain HTTP and yt-dlp."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blocks.settings import Settings
from tasks.errors import BlockedAddressError, InvalidInputError, NotMediaError, SourceForbiddenError
from tasks.fetching.download import download, is_known_site
from tasks.fetching.options import transfer_options
from tasks.fetching.results import Download, DownloadLimits, TransferOptions
from tasks.net.addresses import AddressPolicy
from tasks.net.retry import RetryPolicy
from tasks.net.urls import check_url


@pytest.fixture
def fetch(into: Path, loopback: AddressPolicy, limits: DownloadLimits) -> Any:
    def run(url: str, policy: AddressPolicy = loopback) -> Download:
        options = TransferOptions(policy, limits, deadline=60.0, retry=RetryPolicy(backoff=0.01))
        return download(check_url(url), into, options)

    return run


def test_a_media_file_is_fetched_directly(server: Any, fetch: Any, tone: bytes) -> None:
    found = fetch(server.say("/a.wav", tone))
    assert found.source == "direct"
    assert len(server.asked) == 1


def test_a_page_goes_to_ytdlp(server: Any, fetch: Any, tone: bytes) -> None:
    server.say("/a.wav", tone)
    found = fetch(server.page("/p", '<title>T</title><video src="/a.wav"></video>'))
    assert found.source == "site"
    assert found.path.read_bytes() == tone


def test_a_page_without_media_is_called_a_page(server: Any, fetch: Any, into: Path) -> None:
    with pytest.raises(NotMediaError, match=r"not a media file but a page \(text/html\)") as caught:
        fetch(server.page("/p", "<p>words</p>"))
    assert caught.value.hint
    assert list(into.iterdir()) == []


def test_a_refusal_by_a_site_without_extractor_stays_a_refusal(server: Any, fetch: Any) -> None:
    with pytest.raises(SourceForbiddenError, match="HTTP 403"):
        fetch(server.say("/a.wav", b"no", 403))


def test_a_blocked_address_is_blocked_at_once(server: Any, fetch: Any, tone: bytes) -> None:
    with pytest.raises(BlockedAddressError):
        fetch(server.say("/a.wav", tone), AddressPolicy())
    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "/etc/passwd", "ytsearch:music", "a.mp3", "ftp://x/a.mp3"]
)
def test_what_is_no_web_address_is_refused(fetch: Any, url: str) -> None:
    with pytest.raises(InvalidInputError):
        fetch(url)


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://www.youtube.com/watch?v=x", True),
        ("https://youtu.be/x", True),
        ("https://artist.bandcamp.com/track/x", True),
        ("https://vimeo.com/1", True),
        ("https://notyoutube.com/x", False),
        ("https://youtube.com.evil.example/x", False),
        ("https://player.vimeo.com/external/1.hd.mp4?s=2", False),
        ("https://example.com/talk.mp3", False),
        ("https://netflix.com/", False),
    ],
)
def test_known_sites(url: str, known: bool) -> None:
    assert is_known_site(check_url(url)) is known


def test_the_settings_say_how_downloads_are_made() -> None:
    settings = Settings(
        allowed_private_hosts=("nas.lan",),
        download_timeout=77,
        http_max_retries=1,
        retry_backoff_base_seconds=5,
        ytdlp_proxy="http://proxy.lan:3128",
    )
    assert transfer_options(settings, DownloadLimits(max_bytes=9)) == TransferOptions(
        AddressPolicy(("nas.lan",)),
        DownloadLimits(max_bytes=9),
        deadline=77,
        retry=RetryPolicy(retries=1, backoff=5),
        proxy="http://proxy.lan:3128",
    )


def test_importing_costs_no_ytdlp() -> None:
    code = "import sys, tasks.fetching.download; print(*(m in sys.modules for m in ('yt_dlp', 'prefect')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "False"]
