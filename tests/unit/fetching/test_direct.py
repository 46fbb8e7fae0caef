import gzip
import hashlib
import random
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import (
    BlockedAddressError,
    CancelledError,
    ContrapontoError,
    InvalidInputError,
    LimitExceededError,
    NotMediaError,
    SourceForbiddenError,
    SourceNotFoundError,
    StageTimeoutError,
    StorageFullError,
    TransientError,
)
from tasks.fetching.direct import download_any, download_file
from tasks.fetching.results import Download, DownloadLimits, TransferOptions, WebPage
from tasks.net.addresses import AddressPolicy
from tasks.net.retry import RetryPolicy
from tasks.net.urls import check_url
from tasks.progress import ignore_progress

QUICK = RetryPolicy(backoff=0.01)
TRIES = 1 + QUICK.retries


@pytest.fixture
def fetch(into: Path, loopback: AddressPolicy, limits: DownloadLimits) -> Any:
    def run(url: str, **options: Any) -> Download | WebPage:
        progress = options.pop("progress", ignore_progress)
        usual = TransferOptions(loopback, limits, deadline=60.0, retry=QUICK)
        return download_file(check_url(url), into, replace(usual, **options), progress)

    return run


def left_in(directory: Path) -> list[str]:
    return sorted(p.name for p in directory.iterdir()) if directory.exists() else []


def test_a_file_arrives_whole(server: Any, fetch: Any, into: Path, tone: bytes) -> None:
    reported: list[float] = []
    found = fetch(server.say("/Reuni%C3%A3o.wav", tone), progress=reported.append)
    assert isinstance(found, Download)
    assert found.path == into / "Reunião.wav"
    assert found.path.read_bytes() == tone
    assert (found.size, found.sha256, found.title) == (len(tone), hashlib.sha256(tone).hexdigest(), "Reunião")
    assert (found.source, found.content_type, found.duration) == ("direct", "audio/wav", None)
    assert left_in(into) == ["Reunião.wav"]
    assert reported[-1] == 1.0
    assert all(a <= b for a, b in pairwise(reported))


def test_a_file_of_unknown_length_arrives_whole(server: Any, fetch: Any, tone: bytes) -> None:
    assert fetch(server.say("/a.wav", tone, length=False)).path.read_bytes() == tone


@pytest.mark.parametrize("validator", [{"ETag": '"v1"'}, {"Last-Modified": "Sat, 01 Aug 2026 10:00:00 GMT"}])
def test_a_cut_download_goes_on_where_it_was_cut(
    server: Any, fetch: Any, long_tone: bytes, validator: dict[str, str]
) -> None:
    server.say("/a.wav", long_tone, cut_after=100_000, headers=validator)
    server.say("/a.wav", long_tone, ranges=True, cut_after=50_000, headers=validator)
    url = server.say("/a.wav", long_tone, ranges=True, headers=validator)
    found = fetch(url)
    assert found.path.read_bytes() == long_tone
    assert found.sha256 == hashlib.sha256(long_tone).hexdigest()
    asked = server.requests("/a.wav")
    starts = [int(a.headers["range"].removeprefix("bytes=").rstrip("-")) for a in asked[1:]]
    assert 0 < starts[0] <= 100_000
    assert starts[0] < starts[1] <= 150_000
    assert {a.headers["if-range"] for a in asked[1:]} == set(validator.values())


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Any, fetch: Any, long_tone: bytes) -> None:
    changed = long_tone[::-1]
    changed = long_tone[:44] + changed[:-44]
    server.say("/a.wav", long_tone, cut_after=100_000, headers={"ETag": '"v1"'})
    url = server.say("/a.wav", changed, ranges=True, headers={"ETag": '"v2"'})
    found = fetch(url)
    assert found.path.read_bytes() == changed
    assert found.sha256 == hashlib.sha256(changed).hexdigest()


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}])
def test_without_a_strong_validator_a_cut_download_starts_again(
    server: Any, fetch: Any, long_tone: bytes, headers: dict[str, str]
) -> None:
    server.say("/a.wav", long_tone, cut_after=100_000, headers=headers)
    found = fetch(server.say("/a.wav", long_tone, ranges=True, headers=headers))
    assert found.path.read_bytes() == long_tone
    assert all("range" not in a.headers for a in server.requests("/a.wav"))


def test_a_whole_that_its_server_calls_a_part_is_a_whole(server: Any, fetch: Any, tone: bytes) -> None:
    whole = {"Content-Range": f"bytes 0-{len(tone) - 1}/{len(tone)}", "ETag": '"v1"'}
    found = fetch(server.say("/a.wav", tone, 206, headers=whole))
    assert found.path.read_bytes() == tone
    assert len(server.asked) == 1


def test_an_answer_that_is_not_packed_as_it_says_is_no_passing_trouble(
    server: Any, fetch: Any, tone: bytes
) -> None:
    with pytest.raises(InvalidInputError, match="packed"):
        fetch(server.say("/a.wav", tone, headers={"Content-Encoding": "gzip"}))
    assert len(server.asked) == 1


def test_a_wrong_range_is_not_glued_on(server: Any, fetch: Any, long_tone: bytes) -> None:
    tag = {"ETag": '"v1"'}
    server.say("/a.wav", long_tone, cut_after=100_000, headers=tag)
    server.say(
        "/a.wav",
        long_tone[7:],
        206,
        headers=tag | {"Content-Range": f"bytes 7-{len(long_tone) - 1}/{len(long_tone)}"},
    )
    assert fetch(server.say("/a.wav", long_tone, headers=tag)).path.read_bytes() == long_tone


def test_a_download_that_is_always_cut_at_the_same_place_gives_up(
    server: Any, fetch: Any, into: Path, long_tone: bytes
) -> None:
    url = server.say("/a.wav", long_tone, cut_after=100_000)
    with pytest.raises(TransientError, match="cut"):
        fetch(url)
    assert len(server.requests("/a.wav")) <= 2 * TRIES
    assert left_in(into) == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_error_that_heals_is_no_error(server: Any, fetch: Any, tone: bytes, status: int) -> None:
    server.say("/a.wav", b"oops", status)
    server.say("/a.wav", b"oops", status, headers={"Retry-After": "0"})
    assert fetch(server.say("/a.wav", tone)).path.read_bytes() == tone


def test_a_server_error_that_stays_is_transient(server: Any, fetch: Any) -> None:
    url = server.say("/a.wav", b"oops", 503)
    with pytest.raises(TransientError, match="503") as caught:
        fetch(url)
    assert caught.value.transient
    assert len(server.requests("/a.wav")) == TRIES


def test_a_long_pause_asked_for_is_left_to_the_job(server: Any, fetch: Any) -> None:
    url = server.say("/a.wav", b"busy", 429, headers={"Retry-After": "3600"})
    with pytest.raises(TransientError) as caught:
        fetch(url)
    assert caught.value.retry_after == 3600
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, SourceNotFoundError),
        (410, SourceNotFoundError),
        (401, SourceForbiddenError),
        (403, SourceForbiddenError),
        (451, SourceForbiddenError),
        (400, InvalidInputError),
        (418, InvalidInputError),
    ],
)
def test_refusals_are_final(
    server: Any, fetch: Any, into: Path, status: int, kind: type[ContrapontoError]
) -> None:
    url = server.say("/a.wav", b"no", status)
    with pytest.raises(kind) as caught:
        fetch(url)
    assert str(status) in caught.value.message
    assert not caught.value.transient
    assert len(server.asked) == 1
    assert left_in(into) == []


def test_an_empty_file_is_named_as_such(server: Any, fetch: Any, into: Path) -> None:
    with pytest.raises(NotMediaError, match="0 bytes"):
        fetch(server.say("/a.wav", b""))
    assert left_in(into) == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<!doctype html><title>x</title>", "text/html"),
        (b"<html></html>", "audio/mpeg"),
        (b'{"error": 1}', "application/json"),
        (b"#EXTM3U\n", "application/x-mpegurl"),
        (b"plain words", "text/plain"),
    ],
)
def test_pages_are_told_from_files(
    server: Any, fetch: Any, into: Path, body: bytes, content_type: str
) -> None:
    url = server.say("/a", body, content_type=content_type)
    assert fetch(url) == WebPage(url, content_type)
    assert left_in(into) == []


def test_other_files_are_refused_before_they_are_downloaded(
    server: Any, fetch: Any, long_tone: bytes
) -> None:
    with pytest.raises(NotMediaError, match="application/pdf"):
        fetch(server.say("/a", b"%PDF-1.7" + long_tone, content_type="application/pdf"))


def test_the_size_limit_holds_before_the_download(server: Any, fetch: Any, into: Path, tone: bytes) -> None:
    small = DownloadLimits(max_bytes=len(tone) - 1)
    with pytest.raises(LimitExceededError, match="limit"):
        fetch(server.say("/a.wav", tone, pause_after=0), limits=small)
    assert left_in(into) == []


def test_the_size_limit_holds_while_downloading(
    server: Any, fetch: Any, into: Path, long_tone: bytes
) -> None:
    with pytest.raises(LimitExceededError):
        fetch(server.say("/a.wav", long_tone, length=False), limits=DownloadLimits(max_bytes=100_000))
    assert left_in(into) == []


def test_a_packed_answer_is_limited_by_what_it_unpacks_to(server: Any, fetch: Any) -> None:
    bomb = gzip.compress(b"RIFF" + bytes(5_000_000))
    url = server.say("/a.wav", bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(LimitExceededError):
        fetch(url, limits=DownloadLimits(max_bytes=1_000_000))
    assert fetch(url).size == 5_000_004


def test_exactly_the_limit_is_allowed(server: Any, fetch: Any, tone: bytes) -> None:
    assert fetch(server.say("/a.wav", tone), limits=DownloadLimits(max_bytes=len(tone))).size == len(tone)


def test_the_deadline_ends_a_stalled_download(server: Any, fetch: Any, into: Path, tone: bytes) -> None:
    with pytest.raises(StageTimeoutError, match="within 1 s"):
        fetch(server.say("/a.wav", tone, pause_after=1000), deadline=1.0)
    assert left_in(into) == []


def test_the_deadline_ends_a_dripping_download(server: Any, fetch: Any, tone: bytes) -> None:
    with pytest.raises(StageTimeoutError):
        fetch(server.say("/a.wav", tone, drip=(100, 0.1)), deadline=1.0)


def test_a_cancelled_download_leaves_nothing(server: Any, fetch: Any, into: Path, tone: bytes) -> None:
    def cancel(fraction: float) -> None:
        if fraction > 0:
            raise CancelledError("The job was cancelled.")

    with pytest.raises(CancelledError):
        fetch(server.say("/a.wav", tone, pause_after=8000), progress=cancel)
    assert left_in(into) == []


def test_a_redirect_to_a_private_address_is_blocked(server: Any, fetch: Any) -> None:
    url = server.say("/a.wav", status=302, headers={"Location": f"http://127.0.0.2:{server.port}/b.wav"})
    with pytest.raises(BlockedAddressError, match="CONTRAPONTO_ALLOWED_PRIVATE_HOSTS"):
        fetch(url)
    assert len(server.asked) == 1


def test_a_redirect_loop_is_named(server: Any, fetch: Any) -> None:
    with pytest.raises(InvalidInputError, match="redirects more than 5 times"):
        fetch(server.say("/a.wav", status=302, headers={"Location": "/a.wav"}))


def test_a_redirect_is_followed_and_gives_the_name(server: Any, fetch: Any, tone: bytes) -> None:
    server.say("/real.wav", tone)
    found = fetch(server.say("/short", status=302, headers={"Location": "/real.wav"}))
    assert found.path.name == "real.wav"
    assert found.url.endswith("/real.wav")


def test_a_host_that_does_not_exist_is_no_passing_trouble(
    fetch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SourceNotFoundError, match="does not exist"):
        fetch("http://nowhere.example/a.wav")


def test_nobody_listening_is_transient(fetch: Any) -> None:
    with pytest.raises(TransientError, match="cannot be reached"):
        fetch("http://127.0.0.1:1/a.wav")


def test_credentials_show_in_no_message(server: Any, fetch: Any) -> None:
    server.say("/a.wav", b"no", 403)
    with pytest.raises(SourceForbiddenError) as caught:
        fetch(f"http://ana:hunter2@127.0.0.1:{server.port}/a.wav?sig=s3cret")
    assert "hunter2" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_disk_without_room_is_noticed_before(
    server: Any, fetch: Any, monkeypatch: pytest.MonkeyPatch, tone: bytes
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr("tasks.fetching.part_file.shutil.disk_usage", lambda _: usage)
    with pytest.raises(StorageFullError, match="no room"):
        fetch(server.say("/a.wav", tone))


def test_a_disk_that_fills_up_is_named(server: Any, into: Path, long_tone: bytes) -> None:
    url = server.say("/a.wav", long_tone, length=False)
    code = f"""
import resource, sys
from pathlib import Path
from tasks.errors import StorageFullError
from tasks.net.addresses import AddressPolicy
from tasks.fetching.direct import download_file
from tasks.fetching.results import TransferOptions
from tasks.net.urls import check_url
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    download_file(check_url({url!r}), Path({str(into)!r}), TransferOptions(AddressPolicy(("127.0.0.1",))))
except StorageFullError as error:
    print(error.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "storage_full", done.stderr
    assert left_in(into) == []


def test_any_series_of_cuts_gives_the_same_file(server: Any, fetch: Any, long_tone: bytes) -> None:
    chance = random.Random(7)
    for turn in range(8):
        server.say(
            "/a.wav",
            long_tone,
            ranges=turn > 0,
            cut_after=chance.randrange(1_000, 30_000),
            headers={"ETag": '"v"'},
        )
    found = fetch(server.say("/a.wav", long_tone, ranges=True, headers={"ETag": '"v"'}))
    assert found.sha256 == hashlib.sha256(long_tone).hexdigest()
    assert len(server.asked) == 9


def test_files_of_every_kind_can_be_fetched(server: Any, into: Path, loopback: AddressPolicy) -> None:
    def up_to(size: int) -> TransferOptions:
        return TransferOptions(loopback, DownloadLimits(max_bytes=size))

    for name, body, kind in (
        ("/cena.jpg", b"\xff\xd8\xff\xe0" + bytes(600), "image/jpeg"),
        ("/legenda.srt", "1\n00:00:01,000 --> 00:00:02,000\nOlá\n".encode(), "text/plain"),
    ):
        server.say(name, body, content_type=kind)
        found = download_any(check_url(server.url + name), into, up_to(10_000))
        assert (found.path.read_bytes(), found.path.name) == (body, name[1:])
    with pytest.raises(LimitExceededError, match="larger than the limit"):
        download_any(check_url(server.url + "/cena.jpg"), into, up_to(100))
