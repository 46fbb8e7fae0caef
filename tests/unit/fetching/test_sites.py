"""yt-dlp in its process, on pages of the local server."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from deployments.processes.service import still_running
from tasks.errors import (
    BlockedAddressError,
    CancelledError,
    InvalidInputError,
    LimitExceededError,
    NotMediaError,
    SourceForbiddenError,
    SourceNotFoundError,
    StageTimeoutError,
    TransientError,
)
from tasks.fetching.results import Download, DownloadLimits, TransferOptions
from tasks.fetching.sites import download_from_site, list_entries
from tasks.net.addresses import AddressPolicy
from tasks.net.urls import check_url
from tasks.progress import ignore_progress

VIDEO_PAGE = (
    '<html><head><title>Aula de história</title></head><body><video src="/a.wav"></video></body></html>'
)


@pytest.fixture
def fetch(into: Path, loopback: AddressPolicy, limits: DownloadLimits) -> Any:
    def run(url: str, **options: Any) -> Download:
        progress = options.pop("progress", ignore_progress)
        dedicated_only = options.pop("dedicated_only", False)
        usual = TransferOptions(loopback, limits, deadline=60.0)
        return download_from_site(
            check_url(url), into, replace(usual, **options), progress, dedicated_only=dedicated_only
        )

    return run


def left_in(directory: Path) -> list[str]:
    return sorted(p.name for p in directory.iterdir()) if directory.exists() else []


def children() -> list[int]:
    return [
        c.pid for c in psutil.Process().children(recursive=True) if "_ytdlp_child" in " ".join(c.cmdline())
    ]


def test_the_recording_of_a_page(server: Any, fetch: Any, into: Path, tone: bytes) -> None:
    reported: list[float] = []
    server.say("/a.wav", tone)
    found = fetch(server.page("/aula", VIDEO_PAGE), progress=reported.append)
    assert found.path.read_bytes() == tone
    assert found.sha256 == hashlib.sha256(tone).hexdigest()
    assert found.title.startswith("Aula de história")
    assert (found.size, found.source) == (len(tone), "site")
    assert left_in(into) == [found.path.name]
    assert reported[-1] == 1.0
    assert children() == []


def test_an_hls_playlist(server: Any, fetch: Any, long_tone: bytes) -> None:
    half = len(long_tone) // 2
    server.say("/1.ts", long_tone[:half], content_type="video/mp2t")
    server.say("/2.ts", long_tone[half:], content_type="video/mp2t")
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n1.ts\n#EXTINF:10,\n2.ts\n#EXT-X-ENDLIST\n"
    url = server.say("/live.m3u8", playlist, content_type="application/vnd.apple.mpegurl")
    found = fetch(url)
    assert found.path.read_bytes() == long_tone
    assert found.duration == 20


def test_a_longer_recording_than_allowed_is_not_downloaded(server: Any, fetch: Any, into: Path) -> None:
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:700\n#EXTINF:700,\n1.ts\n#EXT-X-ENDLIST\n"
    url = server.say("/long.m3u8", playlist, content_type="application/vnd.apple.mpegurl")
    with pytest.raises(LimitExceededError, match="12 min; the limit is 10 min"):
        fetch(url)
    assert server.requests("/1.ts") == []
    assert left_in(into) == []


def test_a_live_stream_is_refused(server: Any, fetch: Any) -> None:
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:77\n#EXTINF:4,\n1.ts\n"
    url = server.say("/live.m3u8", playlist, content_type="application/vnd.apple.mpegurl")
    with pytest.raises(InvalidInputError, match="live stream"):
        fetch(url)


@pytest.mark.parametrize("length", [True, False])
def test_a_larger_recording_than_allowed_is_stopped(
    server: Any, fetch: Any, into: Path, long_tone: bytes, length: bool
) -> None:
    server.say("/a.wav", long_tone, length=length)
    with pytest.raises(LimitExceededError, match="larger than the limit"):
        fetch(server.page("/p", VIDEO_PAGE), limits=DownloadLimits(max_bytes=100_000))
    assert left_in(into) == []


def test_several_recordings_are_a_batch(
    server: Any, fetch: Any, loopback: AddressPolicy, tone: bytes
) -> None:
    url = server.page("/p", '<title>T</title><video src="/a.wav"></video><p><video src="/b.wav"></video>')
    with pytest.raises(InvalidInputError, match="several recordings"):
        fetch(url)
    listed = list_entries(check_url(url), TransferOptions(loopback))
    assert [e.url for e in listed] == [server.url + "/a.wav", server.url + "/b.wav"]
    assert len({e.id for e in listed}) == 2
    assert [e.url for e in list_entries(check_url(url), TransferOptions(loopback), max_items=1)] == [
        server.url + "/a.wav"
    ]


def test_a_feed_is_listed_without_fetching_its_items(server: Any, loopback: AddressPolicy) -> None:
    items = "".join(
        f"<item><title>Episódio {n}</title><link>{server.url}/{n}.wav</link></item>" for n in range(5)
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>P</title>{items}</channel></rss>'
    url = check_url(server.say("/feed", feed.encode(), content_type="application/rss+xml"))
    listed = list_entries(url, TransferOptions(loopback), max_items=3)
    assert [(e.title, e.url) for e in listed] == [
        (f"Episódio {n}", f"{server.url}/{n}.wav") for n in range(3)
    ]
    assert {a.path for a in server.asked} == {"/feed"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, SourceNotFoundError),
        (410, SourceNotFoundError),
        (403, SourceForbiddenError),
        (503, TransientError),
        (429, TransientError),
    ],
)
def test_refusals_of_a_page(server: Any, fetch: Any, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        fetch(server.say("/p", b"no", status))


def test_a_site_that_asks_to_wait_is_heard(server: Any, fetch: Any) -> None:
    with pytest.raises(TransientError) as caught:
        fetch(server.say("/p", b"busy", 429, headers={"Retry-After": "1200"}))
    assert caught.value.retry_after == 1200


def test_a_page_without_media(server: Any, fetch: Any, loopback: AddressPolicy) -> None:
    url = server.page("/p", "<p>words</p>")
    with pytest.raises(NotMediaError, match="no audio or video"):
        fetch(url)
    with pytest.raises(NotMediaError):
        fetch(url, dedicated_only=True)


def test_an_empty_recording(server: Any, fetch: Any) -> None:
    server.say("/a.wav", b"")
    with pytest.raises(NotMediaError, match="0 bytes"):
        fetch(server.page("/p", VIDEO_PAGE))


@pytest.mark.parametrize(
    "target", ["http://127.0.0.2:{port}/a.wav", "http://[::1]:{port}/a.wav", "http://2130706434:{port}/a.wav"]
)
def test_a_page_leads_to_no_private_address(server: Any, fetch: Any, tone: bytes, target: str) -> None:
    server.say("/a.wav", tone)
    address = target.format(port=server.port)
    with pytest.raises(BlockedAddressError, match="CONTRAPONTO_ALLOWED_PRIVATE_HOSTS"):
        fetch(server.page("/p", f'<video src="{address}"></video>'))
    assert server.requests("/a.wav") == []


def test_a_redirect_inside_ytdlp_is_checked(server: Any, fetch: Any, tone: bytes) -> None:
    server.say("/secret.wav", tone)
    server.say("/a.wav", status=302, headers={"Location": f"http://127.0.0.2:{server.port}/secret.wav"})
    with pytest.raises(BlockedAddressError):
        fetch(server.page("/p", VIDEO_PAGE))
    assert server.requests("/secret.wav") == []


def test_a_local_file_is_no_recording(server: Any, fetch: Any) -> None:
    with pytest.raises(InvalidInputError):
        fetch(server.page("/p", '<video src="file:///etc/passwd"></video>'))


def test_cookies_are_sent_and_their_file_left_alone(
    server: Any, fetch: Any, tmp_path: Path, tone: bytes
) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tabc\n")
    before = cookies.read_bytes()
    server.say("/a.wav", tone, headers={"Set-Cookie": "other=1"})
    fetch(server.page("/p", VIDEO_PAGE), cookies=cookies)
    assert "session=abc" in server.requests("/p")[0].headers["cookie"]
    assert cookies.read_bytes() == before
    with pytest.raises(InvalidInputError, match="no cookies file"):
        fetch(server.url + "/p", cookies=tmp_path / "none.txt")


def test_the_proxy_given_is_used_and_only_it(
    server: Any, fetch: Any, monkeypatch: pytest.MonkeyPatch, tone: bytes
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.say("http://media.example/a.wav", tone)
    found = fetch("http://media.example/a.wav", proxy=server.url, policy=AddressPolicy())
    assert found.path.read_bytes() == tone
    assert {a.path for a in server.asked} == {"http://media.example/a.wav"}


def test_the_deadline_ends_the_process(server: Any, fetch: Any, into: Path, tone: bytes) -> None:
    server.say("/a.wav", tone, pause_after=100)
    with pytest.raises(StageTimeoutError):
        fetch(server.page("/p", VIDEO_PAGE), deadline=4.0)
    assert children() == []
    assert left_in(into) == []


def test_cancelling_ends_the_process(server: Any, fetch: Any, into: Path, tone: bytes) -> None:
    def cancel(_: float) -> None:
        if server.requests("/p"):
            assert len(children()) == 1
            raise CancelledError("The job was cancelled.")

    server.say("/p", b"", wait=60)
    with pytest.raises(CancelledError):
        fetch(server.url + "/p", progress=cancel)
    assert children() == []
    assert left_in(into) == []


def test_the_process_dies_with_its_parent(server: Any, into: Path) -> None:
    url = server.say("/p", b"", wait=60)
    code = f"""
from pathlib import Path
from tasks.net.addresses import AddressPolicy
from tasks.fetching.results import TransferOptions
from tasks.fetching.sites import download_from_site
from tasks.net.urls import check_url
download_from_site(check_url({url!r}), Path({str(into)!r}), TransferOptions(AddressPolicy(("127.0.0.1",))))
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        eventually(lambda: bool(server.requests("/p")))
        (child,) = psutil.Process(parent.pid).children(recursive=True)
        assert os.getpgid(child.pid) == child.pid
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert still_running([child], seconds=60) == []


def eventually(condition: Any) -> None:
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends, "it never came about"
        time.sleep(0.05)
