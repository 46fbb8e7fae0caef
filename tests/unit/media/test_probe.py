from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.errors import DamagedMediaError, NoAudioError, NotMediaError
from tasks.media.probe import end_of_packets, end_of_sound, probe, require_audio, require_video
from tests.unit.media.conftest import PICTURES, TONE, MakeMedia

CONTAINERS = "wav flac mp3 m4a mov ogg opus aac mka webm aiff caf w64 ac3 avi ts flv wma wv mp2 amr au 3gp"


@pytest.mark.parametrize("suffix", CONTAINERS.split())
def test_every_common_container_is_read(make_media: MakeMedia, suffix: str) -> None:
    narrow = ("-ar", "8000", "-ac", "1") if suffix in ("amr", "3gp") else ()
    codec = ("-c:a", "aac") if suffix == "3gp" else ()
    info = probe(make_media(f"tone.{suffix}", *TONE, *narrow, *codec))
    audio = require_audio(info)
    assert info.duration == pytest.approx(20, abs=0.2)
    assert info.video is None
    assert audio.channels == 1
    assert audio.sample_rate in (8000, 44100, 48000)


def test_video_is_described(make_media: MakeMedia) -> None:
    info = probe(make_media("film.mp4", *PICTURES, *TONE, "-pix_fmt", "yuv420p"))
    assert info.video is not None
    assert (info.video.width, info.video.height, info.video.fps) == (64, 48, 10)
    assert info.video.codec == "h264"
    assert require_audio(info).codec == "aac"
    assert info.duration_stated


@pytest.mark.parametrize(
    ("suffix", "later"),
    [
        *((suffix, later) for suffix in ("mp4", "mkv", "ts", "flv", "mpg", "wmv") for later in (0.0, 0.7)),
        ("avi", 0.0),
    ],
)
def test_sound_ends_when_it_ends_not_when_the_picture_does(
    make_media: MakeMedia, suffix: str, later: float
) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=3")
    tone = ("-itsoffset", str(later), "-f", "lavfi", "-i", "sine=d=1.5")
    codecs = {"avi": ("-c:v", "mpeg4", "-c:a", "pcm_s16le"), "flv": ("-c:v", "flv1", "-c:a", "aac")}
    path = make_media(f"film.{suffix}", *picture, *tone, *codecs.get(suffix, ()))
    assert end_of_sound(path, probe(path)) == pytest.approx(1.5 + later, abs=0.06)


def test_the_name_does_not_matter(make_media: MakeMedia, tmp_path: Path) -> None:
    disguised = tmp_path / "-odd: name%03d.txt"
    make_media("tone.mp3").rename(disguised)
    assert probe(disguised).container == "mp3"


def test_cover_art_is_no_video(make_media: MakeMedia) -> None:
    info = probe(
        make_media(
            "cover.mp3",
            *TONE,
            *("-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-map", "0", "-map", "1", "-frames:v", "1"),
            *("-c:v", "png", "-disposition:v", "attached_pic"),
        )
    )
    assert info.video is None
    assert info.audio is not None


def test_length_is_counted_where_the_header_has_none(make_media: MakeMedia) -> None:
    # What a browser's recorder writes.
    info = probe(make_media("live.webm", *TONE, "-c:a", "libopus", "-live", "1"))
    assert info.duration == pytest.approx(20, abs=0.1)
    assert not info.duration_stated


def test_variable_bit_rate_without_a_frame_count_is_counted(make_media: MakeMedia) -> None:
    half_silent = ("-f", "lavfi", "-i", "aevalsrc='random(0)*lt(t,5)':d=20:s=44100")
    info = probe(make_media("vbr.mp3", *half_silent, "-q:a", "2", "-write_xing", "0"))
    assert info.duration == pytest.approx(20, abs=0.1)
    assert not info.duration_stated


def test_no_audio(make_media: MakeMedia) -> None:
    info = probe(make_media("silent.mp4", *PICTURES, "-pix_fmt", "yuv420p"))
    with pytest.raises(NoAudioError):
        require_audio(info)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"just some words\n" * 200, "neither audio nor video"),
        (b"\n <!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"<HTML><head></head></HTML>" * 1000, "web page"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n#EXT-X-ENDLIST\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "neither"),
        (b'{"error": "not found"}', "neither"),
        (bytes(100_000), "neither"),
    ],
)
def test_other_things_are_not_media(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "download.mp4"
    path.write_bytes(content)
    with pytest.raises(NotMediaError, match=words) as caught:
        probe(path)
    assert caught.value.hint


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "bmp", "tiff", "jp2"])
def test_a_picture_is_not_media(make_media: MakeMedia, suffix: str) -> None:
    picture = make_media(f"picture.{suffix}", "-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1")
    with pytest.raises(NotMediaError, match="a picture"):
        probe(picture)


@pytest.mark.parametrize(
    ("marked", "shown"), [((), 64), (("-disposition:v:0", "0", "-disposition:v:1", "default"), 96)]
)
def test_of_two_pictures_the_one_that_players_show(
    make_media: MakeMedia, marked: tuple[str, ...], shown: int
) -> None:
    both = ("-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-f", "lavfi", "-i", "testsrc=s=96x48:d=1")
    film = make_media("film.mkv", *both, "-map", "0", "-map", "1", *marked)
    assert require_video(probe(film)).width == shown


def test_a_moving_avif_is_not_its_first_picture(make_media: MakeMedia) -> None:
    moving = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=1", "-c:v", "libaom-av1", "-cpu-used", "8")
    info = probe(make_media("moving.avif", *moving))
    assert require_video(info).fps == 10
    assert info.duration == pytest.approx(1.0)


def test_mp4_without_its_index_is_damaged(make_media: MakeMedia, cut: Callable[[Path], Path]) -> None:
    with pytest.raises(DamagedMediaError, match="index"):
        probe(cut(make_media("film.mp4", *PICTURES, *TONE, "-pix_fmt", "yuv420p")))


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "mka"])
def test_a_cut_file_still_states_its_whole_length(
    make_media: MakeMedia, cut: Callable[[Path], Path], suffix: str
) -> None:
    half = cut(make_media(f"tone.{suffix}"))
    info = probe(half)
    assert info.duration == pytest.approx(20, abs=0.2)
    assert info.duration_stated
    assert end_of_packets(half) < 11


def test_a_wav_written_to_a_pipe_is_whole(make_media: MakeMedia) -> None:
    path = make_media("tone.wav")
    data = bytearray(path.read_bytes())
    data[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert probe(path).duration == pytest.approx(20, abs=0.1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from(
        [b"", b"RIFF", b"ID3\x04", b"OggS", b"fLaC", b"\x1a\x45\xdf\xa3", b"\0\0\0\x18ftypisom"]
    ),
    body=st.binary(max_size=400),
)
def test_garbage_is_an_error_of_ours_or_media(tmp_path: Path, head: bytes, body: bytes) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(head + body)
    with suppress(NotMediaError, DamagedMediaError):
        info = probe(path)
        assert info.audio or info.video
