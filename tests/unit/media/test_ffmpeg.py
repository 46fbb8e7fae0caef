import os
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import (
    CancelledError,
    DamagedMediaError,
    EngineError,
    LimitExceededError,
    MissingEngineError,
    StageTimeoutError,
    StorageFullError,
)
from tasks.media import memory
from tasks.media.ffmpeg import media_input, run_ffmpeg
from tasks.media.pcm import decode, encode
from tests.processes import linux_only, running
from tests.unit.media.conftest import PICTURES, TONE, MakeMedia
from tests.waiting import wait_until

# Real time: it would run for ten minutes.
SLOW = ("-re", "-f", "lavfi", "-i", "sine=d=600")


def test_progress_rises_to_the_end_and_the_output_is_whole(tmp_path: Path) -> None:
    seen: list[float] = []
    target = tmp_path / "tone.flac"
    run = run_ffmpeg(TONE, output=target, duration=20, progress=seen.append, deadline=60)
    assert run.seconds == pytest.approx(20, abs=0.1)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1, abs=0.01)
    assert os.listdir(tmp_path) == ["tone.flac"]  # noqa: PTH208


def test_garbage_gives_one_clear_sentence_and_no_file(tmp_path: Path) -> None:
    source = tmp_path / "garbage.mp4"
    source.write_bytes(b"\0\0\0\x18ftypisom" + bytes(1000))
    with pytest.raises(DamagedMediaError) as caught:
        run_ffmpeg(media_input(source), output=tmp_path / "out.wav", duration=None, deadline=60)
    assert "\n" not in caught.value.message
    assert str(tmp_path) not in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["garbage.mp4"]


def test_a_run_that_writes_nothing_has_failed(tmp_path: Path) -> None:
    one = ("-update", "1", "-frames:v", "1", "-vf", "trim=start=30")
    with pytest.raises(DamagedMediaError, match="Nothing of the file could be decoded"):
        run_ffmpeg((*PICTURES, *one), output=tmp_path / "out.png", duration=None, deadline=60)
    assert not list(tmp_path.iterdir())


def test_a_wrong_argument_is_an_engine_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="nosuchfilter"):
        run_ffmpeg((*TONE, "-af", "nosuchfilter"), output=tmp_path / "out.wav", duration=None, deadline=60)


def test_the_deadline_ends_it(tmp_path: Path) -> None:
    with pytest.raises(StageTimeoutError):
        run_ffmpeg(SLOW, output=tmp_path / "out.flac", duration=600, deadline=1)
    assert not list(tmp_path.iterdir())


@linux_only
def test_cancelling_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    calls = 0

    def cancel(fraction: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise CancelledError("The job was cancelled.")

    target = tmp_path / "cancelled.flac"
    with pytest.raises(CancelledError):
        run_ffmpeg(SLOW, output=target, duration=600, progress=cancel, deadline=60)
    assert not running(str(tmp_path))
    assert not list(tmp_path.iterdir())


@linux_only
def test_ffmpeg_dies_with_a_killed_parent(tmp_path: Path) -> None:
    code = f"""\
from pathlib import Path
from tasks.media.ffmpeg import run_ffmpeg
run_ffmpeg({SLOW!r}, output=Path({str(tmp_path / "orphan.flac")!r}), duration=600, deadline=600)
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    mark = f"file:{tmp_path}/"
    try:
        wait_until(partial(running, mark), "the start of the child")
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not running(mark), "the end of the child")


def test_what_needs_too_much_memory_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_chosen_mb", 400)
    # A picture of 384 MB, of which the encoder keeps several.
    huge = ("-f", "lavfi", "-i", "color=size=16000x16000:rate=25:duration=60", "-c:v", "libx264")
    with pytest.raises(LimitExceededError, match="400 MB of memory") as caught:
        run_ffmpeg(huge, output=tmp_path / "huge.mp4", duration=60, deadline=120)
    assert "CONTRAPONTO_FFMPEG_MEMORY_MB" in (caught.value.hint or "")
    assert not list(tmp_path.iterdir())
    run_ffmpeg(TONE, output=tmp_path / "tone.flac", duration=20, deadline=60)


def test_the_bound_is_half_of_the_memory_if_none_is_chosen() -> None:
    memory.choose_bound(None)
    assert memory.bound_mb() == memory.usable_memory_mb() // 2 > 100
    memory.choose_bound(70)
    try:
        assert memory.bound_mb() == 70
    finally:
        memory.choose_bound(None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_named() -> None:
    with pytest.raises(StorageFullError, match="disk is full"):
        run_ffmpeg((*TONE, "-f", "wav", "/dev/full"), output=None, duration=20, deadline=60)


def test_the_network_is_out_of_reach(tmp_path: Path) -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/a.ts"
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n")
    try:
        for arguments in (["-i", address], ["-i", str(playlist)], media_input(playlist)):
            with pytest.raises((EngineError, DamagedMediaError)):
                run_ffmpeg(arguments, output=tmp_path / "out.wav", duration=None, deadline=60)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert asked == []


def test_a_missing_binary_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingEngineError, match="no-ffmpeg"):
        run_ffmpeg(TONE, output=tmp_path / "a.wav", duration=None, deadline=9, binary="/nowhere/no-ffmpeg")


def test_sound_survives_encoding_and_decoding(tmp_path: Path) -> None:
    target = tmp_path / "-odd: name%03d.flac"
    moments = np.arange(3 * 8000) / 8000
    sound = np.stack((np.sin(moments * 700), np.cos(moments * 900)), axis=1).astype(np.float32) * 0.5
    with encode(target, sample_rate=8000, channels=2, arguments=["-c:a", "flac"], deadline=60) as writer:
        for start in range(0, len(sound), 1000):
            writer.write(sound[start : start + 1000])
    with decode(target, sample_rate=8000, channels=2, deadline=60, block_seconds=0.3) as reader:
        blocks = list(reader)
    assert {len(block) for block in blocks} == {2400}
    np.testing.assert_allclose(np.concatenate(blocks), sound, atol=1e-3)
    assert reader.seconds == 3


def test_rate_and_channels_are_converted(make_media: MakeMedia) -> None:
    surround = make_media("surround.m4a", *TONE, "-ac", "6")
    with decode(surround, sample_rate=16000, channels=1, deadline=60) as reader:
        sound = np.concatenate(list(reader))
    assert sound.shape[1] == 1
    assert len(sound) == pytest.approx(20 * 16000, abs=1600)
    assert np.abs(sound).max() > 0.01


def test_a_late_start_and_a_gap_become_silence(make_media: MakeMedia) -> None:
    # Times must stay those of the pictures, or subtitles come too early.
    film = make_media(
        "film.mkv",
        *PICTURES,
        *("-itsoffset", "2", *TONE, "-af", "aselect='not(between(t,5,10))'"),
        *("-pix_fmt", "yuv420p", "-c:a", "flac"),
    )
    with decode(film, sample_rate=8000, channels=1, deadline=60) as reader:
        sound = np.concatenate(list(reader))[:, 0]
    assert reader.seconds == pytest.approx(22, abs=0.2)
    heard = np.abs(sound[: 22 * 8000].reshape(-1, 800)).max(axis=1) > 0.01
    assert not heard[:19].any()
    assert heard[21:49].all()
    assert not heard[53:98].any()
    assert heard[103:215].all()


@linux_only
def test_leaving_early_ends_the_decoder(make_media: MakeMedia, tmp_path: Path) -> None:
    source = make_media("tone.wav")
    with decode(source, sample_rate=48000, channels=2, deadline=60) as reader:
        next(iter(reader))
        assert running(str(source))
    assert not running(str(source))


def test_an_error_while_encoding_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with encode(
            tmp_path / "a.flac", sample_rate=8000, channels=1, arguments=["-c:a", "flac"], deadline=60
        ) as writer:
            writer.write(np.zeros((8000, 1), np.float32))
            raise CancelledError("The job was cancelled.")

    with pytest.raises(CancelledError):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_dying_encoder_is_explained(tmp_path: Path) -> None:
    def feed() -> None:
        with encode(
            tmp_path / "a.flac", sample_rate=8000, channels=1, arguments=["-af", "nosuchfilter"], deadline=60
        ) as writer:
            for _ in range(1000):
                writer.write(np.zeros((8000, 1), np.float32))

    with pytest.raises(EngineError, match="nosuchfilter"):
        feed()
    assert not list(tmp_path.iterdir())


def test_the_deadline_ends_encoding(tmp_path: Path) -> None:
    def feed() -> None:
        arguments = ["-af", "arealtime", "-c:a", "flac"]
        with encode(
            tmp_path / "a.flac", sample_rate=8000, channels=1, arguments=arguments, deadline=1
        ) as writer:
            while True:
                writer.write(np.zeros((8000, 1), np.float32))

    with pytest.raises(StageTimeoutError):
        feed()
    assert not list(tmp_path.iterdir())


def test_broken_numbers_do_not_spread(tmp_path: Path) -> None:
    target = tmp_path / "nan.wav"
    values = np.full((8000, 1), np.nan, np.float32)
    values[4000:] = np.inf
    with encode(target, sample_rate=8000, channels=1, arguments=["-c:a", "pcm_f32le"], deadline=60) as writer:
        writer.write(values)
    with decode(target, sample_rate=8000, channels=1, deadline=60) as reader:
        assert all(np.isfinite(block).all() for block in reader)
