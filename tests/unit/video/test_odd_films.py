"""Films as cameras, phones and screen recorders leave them: every picture is there, in its time."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.media.probe import probe
from tasks.media.shown import constant_rate, shown
from tasks.video.fitting import fit_to_audio
from tests.unit.video.counted import captioned, counted, first_seen, made, numbers, with_captions

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18")
VARIABLE = ("-fps_mode", "passthrough", "-enc_time_base", "1:90000")
TONE = ("-f", "lavfi", "-i", "sine=duration=2")


def plain(folder: Path) -> Path:
    return made(folder / "v.mp4", *counted(25, 1.2), *TONE, *X264)


def reordered(folder: Path) -> Path:
    return made(folder / "v.mp4", *counted(25, 1.2), "-c:v", "libx264", "-bf", "3", "-preset", "veryfast")


def broadcast(folder: Path) -> Path:
    return made(folder / "v.mkv", *counted(Fraction(30000, 1001), 1.2), *TONE, *X264)


def trimmed(folder: Path) -> Path:
    """One key frame, cut behind it without encoding: an edit list says from where it is played."""
    whole = made(folder / "whole.mp4", *counted(30, 2), *TONE, *X264, "-g", "300")
    return made(folder / "v.mp4", "-ss", "1", "-i", f"file:{whole}", "-c", "copy")


def late_picture(folder: Path) -> Path:
    return made(folder / "v.mp4", "-itsoffset", "0.5", *counted(25, 1.2), *TONE, *X264)


def late_picture_in_matroska(folder: Path) -> Path:
    return made(folder / "v.mkv", "-itsoffset", "0.5", *counted(25, 1.2), *TONE, *X264)


def late_picture_in_transport_stream(folder: Path) -> Path:
    return made(folder / "v.ts", "-itsoffset", "0.5", *counted(25, 1.2), *TONE, *X264, "-muxdelay", "0.7")


def slowing_down(folder: Path) -> Path:
    """30 pictures a second, then 10; the last stays for half a second."""
    times = "setpts='if(lt(N,30),N/30,1+(N-30)/10)/TB'"
    stays = "setts=duration='if(eq(N,44),45000,DURATION)'"
    return made(
        folder / "v.mp4",
        *counted(30, 1.5),
        *("-vf", f"settb=1/90000,{times}", *VARIABLE, *X264, "-tune", "zerolatency", "-bsf:v", stays),
    )


def a_phone(folder: Path) -> Path:
    """30 a second, each up to 9 ms early or late, one missing here and there."""
    times = "select='mod(n-7,19)',setpts='(N/29.97+0.009*(random(1)*2-1)+0.01)/TB'"
    return made(folder / "v.mp4", *counted(30, 2), "-vf", f"settb=1/90000,{times}", *VARIABLE, *X264)


def a_screen(folder: Path) -> Path:
    """A picture only when something changes."""
    times = "setpts='gt(N,0)*(0.9+floor(N/4)*0.61+mod(N,4)/60)/TB'"
    return made(folder / "v.mkv", *counted(25, 0.5), "-vf", f"settb=1/90000,{times}", *VARIABLE, *X264)


def webm(folder: Path) -> Path:
    return made(
        folder / "v.webm",
        *counted(25, 1.2),
        *TONE,
        "-c:v",
        "libvpx-vp9",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
    )


def avi(folder: Path) -> Path:
    return made(folder / "v.avi", *counted(25, 1.2), *TONE, "-c:v", "mpeg4", "-bf", "2", "-q:v", "2")


def fast(folder: Path) -> Path:
    return made(folder / "v.mp4", *counted(100, 0.6), *X264)


FILMS: list[Callable[[Path], Path]] = [
    *(plain, reordered, broadcast, trimmed, late_picture, late_picture_in_matroska),
    *(late_picture_in_transport_stream, slowing_down, a_phone, a_screen, webm, avi, fast),
]


@pytest.mark.parametrize("kind", FILMS)
def test_every_picture_in_its_time(tmp_path: Path, kind: Callable[[Path], Path]) -> None:
    video = kind(tmp_path)
    source = first_seen(video)
    film = shown(video, probe(video))
    assert film.frames == len(source)
    out, told = captioned(video, tmp_path)
    assert not told.warnings
    result = first_seen(out)
    assert list(result) == list(source)
    late = {
        number: (result[number] - min(result.values())) - (time - min(source.values()))
        for number, time in source.items()
    }
    # Matroska rounds to the millisecond.
    assert max(map(abs, late.values())) <= float(1 / film.rate) / 2 + 0.001
    steps = np.diff([time for time, _ in numbers(out)])
    assert np.ptp(steps) < 0.0015, "the rate is constant"
    assert shown(out, probe(out)).seconds == pytest.approx(film.seconds, abs=float(1 / film.rate))


@pytest.mark.parametrize("kind", FILMS)
def test_what_is_as_long_as_its_sound_keeps_its_speed(tmp_path: Path, kind: Callable[[Path], Path]) -> None:
    video = kind(tmp_path)
    film = shown(video, probe(video))
    sound = made(tmp_path / "a.wav", "-f", "lavfi", "-i", f"sine=duration={film.seconds}")
    fitted = fit_to_audio(video, sound, tmp_path / "out.mp4", encoder="libx264", deadline=60, quality="draft")
    assert fitted.speed_factor == 1
    assert list(first_seen(tmp_path / "out.mp4")) == list(first_seen(video))


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [(plain, 1.2), (trimmed, 1.0), (late_picture, 1.2), (slowing_down, 1.0 + 14 / 10 + 0.5), (avi, 1.2)],
)
def test_how_long_the_picture_is_shown(tmp_path: Path, kind: Callable[[Path], Path], seconds: float) -> None:
    video = kind(tmp_path)
    assert shown(video, probe(video)).seconds == pytest.approx(seconds, abs=0.002)


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        (plain, 0),
        (reordered, 0),
        (trimmed, 0),
        (late_picture, 0.5),
        (late_picture_in_matroska, 0.5),
        (late_picture_in_transport_stream, 0.5),
        (broadcast, 0),
    ],
)
def test_captions_follow_the_players_clock(
    tmp_path: Path, kind: Callable[[Path], Path], start: float
) -> None:
    video = kind(tmp_path)
    film = shown(video, probe(video))
    assert film.start == pytest.approx(start, abs=0.04)
    out, _ = captioned(video, tmp_path, (0.7, 0.9))
    times = with_captions(out)
    with av.open(str(out)) as container:
        first = next(container.decode(video=0)).time
    assert first is not None
    # Sound whose encoder has put something before it moves the whole by some milliseconds.
    assert times[0] - first == pytest.approx(0.7 - start, abs=0.04)
    assert times[-1] - first == pytest.approx(0.9 - start, abs=0.05)


def test_sound_and_picture_stay_together(tmp_path: Path) -> None:
    """White begins with a tone, also in a film that was cut without encoding."""
    light = "color=black:size=128x64:rate=30:duration=3,format=yuv420p,geq=lum='if(lt(T,1.8),16,235)':cb=128:cr=128"
    tone = "sine=frequency=800:duration=3:sample_rate=48000,volume='if(lt(t,1.8),0,1)':eval=frame"
    sources = ("-f", "lavfi", "-i", light, "-f", "lavfi", "-i", tone)
    whole = made(tmp_path / "whole.mp4", *sources, *X264, "-g", "300")
    cut = made(tmp_path / "cut.mp4", "-ss", "1", "-i", f"file:{whole}", "-c", "copy")
    for video in (cut, made(tmp_path / "opus.mkv", *sources, *X264, "-c:a", "libopus")):
        out, _ = captioned(video, tmp_path)
        with av.open(str(out)) as container:
            white = next(
                frame.time for frame in container.decode(video=0) if frame.to_ndarray()[:32].mean() > 128
            )
        with av.open(str(out)) as container:
            heard = next(
                frame.time for frame in container.decode(audio=0) if np.abs(frame.to_ndarray()).max() > 0.05
            )
        assert white is not None
        assert heard is not None
        assert abs(white - heard) < 0.045


@pytest.mark.parametrize(("share", "warned"), [(0.6, True), (0.97, False)])
def test_a_film_that_is_cut_short_is_used_and_said(tmp_path: Path, share: float, warned: bool) -> None:
    video = made(tmp_path / "v.mp4", *counted(25, 4), *X264, "-g", "25", "-movflags", "+faststart")
    whole = first_seen(video)
    video.write_bytes(video.read_bytes()[: round(video.stat().st_size * share)])
    out, told = captioned(video, tmp_path)
    assert any("cut short" in warning for warning in told.warnings) == warned
    found = list(first_seen(out))
    assert found == list(whole)[: len(found)]
    assert 25 < len(found) < 100
    # What follows the end is not looked at.
    video = made(tmp_path / "junk.mp4", *counted(25, 0.4), *X264)
    video.write_bytes(video.read_bytes() + b"\0junk" * 1000)
    assert len(first_seen(captioned(video, tmp_path)[0])) == 10


@pytest.mark.parametrize("sound", [("-ar", "8000", "-ac", "1"), ("-ar", "96000", "-ac", "2")])
def test_sound_is_what_was_promised(tmp_path: Path, sound: tuple[str, ...]) -> None:
    noise = made(tmp_path / "a.wav", "-f", "lavfi", "-i", "anoisesrc=duration=2:amplitude=0.3:seed=1", *sound)
    fit_to_audio(
        plain(tmp_path), noise, tmp_path / "out.mp4", encoder="libx264", deadline=60, quality="draft"
    )
    levels = []
    for path in (noise, tmp_path / "out.mp4"):
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            blocks = [frame.to_ndarray().astype(float) for frame in container.decode(stream)]
            scale = 1 if stream.codec_context.name == "aac" else 32_768
            levels.append(
                np.sqrt(np.mean(np.square(np.concatenate([block.ravel() for block in blocks])))) / scale
            )
    assert (stream.codec_context.sample_rate, stream.codec_context.channels) == (48_000, 2)
    assert stream.codec_context.bit_rate is not None
    assert stream.codec_context.bit_rate > 160_000
    assert levels[1] == pytest.approx(levels[0], rel=0.12), "as loud as before"


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=300),
    st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(60)]),
)
def test_a_rate_has_a_place_for_every_picture(gaps: list[int], stated: Fraction) -> None:
    """Times in thousandths, as Matroska has them."""
    times = np.cumsum([0, *gaps]) / 1000
    rate = constant_rate(times, [stated])
    assert 10 <= rate <= 120
    if min(gaps) > 1000 / 59:
        assert np.diff(np.rint(times * float(rate))).min() >= 1


@pytest.mark.parametrize(
    "rate", [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(60)]
)
def test_a_constant_rate_is_found_in_rounded_times(rate: Fraction) -> None:
    times = np.round(np.arange(2000) / float(rate), 3)
    assert constant_rate(times, []) == rate
    assert constant_rate(np.delete(times, [5, 6, 900]), [rate]) == rate
