"""Videos stretched to a sound: real files, real ffmpeg."""

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import av
import pytest

from tasks.errors import LimitExceededError, NoAudioError, NotMediaError, NoVideoError
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.probe import end_of_packets, probe
from tasks.video import fitting
from tasks.video.encoding import Encoder, Quality, choose_encoder, encoder_arguments
from tasks.video.fitting import MAX_SECONDS, fit_to_audio

Made = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def make(name: str, *arguments: str) -> Path:
        run_ffmpeg(arguments, output=tmp_path / name, duration=None, deadline=60)
        return tmp_path / name

    return make


def picture(seconds: float, size: str = "320x180", rate: int = 25) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}")


def tone(seconds: float) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}")


def counted_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("seconds", [0.73, 2.0, 5.511])
def test_picture_and_sound_are_equally_long(made: Made, tmp_path: Path, seconds: float) -> None:
    video = made("v.mp4", *picture(2.0), *tone(3.0), "-preset", "ultrafast")
    fitted = fit_to_audio(
        video, made("a.mp3", *tone(seconds)), tmp_path / "out.mp4", encoder="libx264", deadline=60
    )
    assert fitted.speed_factor == pytest.approx(2.0 / seconds, rel=0.005)
    info = probe(tmp_path / "out.mp4")
    assert info.audio is not None
    assert info.audio.codec == "aac"
    assert info.audio.duration == pytest.approx(seconds, abs=1 / 25)
    assert end_of_packets(tmp_path / "out.mp4", 0) == pytest.approx(seconds, abs=1 / 25)
    assert counted_frames(tmp_path / "out.mp4") == fitted.frames == round(fitted.seconds * 25)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp3", "out.mp4", "v.mp4"]


def test_the_picture_really_runs_at_the_new_speed(made: Made, tmp_path: Path) -> None:
    # Black for one second, then white for one: in the result white begins in the middle too.
    halves = (
        *("-f", "lavfi", "-i", "color=black:size=64x64:rate=25:duration=1"),
        *("-f", "lavfi", "-i", "color=white:size=64x64:rate=25:duration=1"),
        *("-filter_complex", "[0][1]concat"),
    )
    video = made("v.mp4", *halves)
    fit_to_audio(video, made("a.wav", *tone(4.0)), tmp_path / "out.mp4", encoder="libx264", deadline=60)
    with av.open(str(tmp_path / "out.mp4")) as container:
        bright = [frame.to_ndarray(format="gray").mean() > 128 for frame in container.decode(video=0)]
    assert len(bright) == 100
    assert bright.index(True) == pytest.approx(50, abs=1)


def test_odd_sizes_silent_videos_and_changing_frame_rates(made: Made, tmp_path: Path) -> None:
    # Half of its frames are missing from the middle on: a variable frame rate.
    changing = ("-vf", "select='lt(t,1)+not(mod(n,5))'", "-fps_mode", "vfr", "-pix_fmt", "yuv444p")
    video = made("v.mkv", *picture(2.0, "321x181"), *changing, "-c:v", "libx264", "-preset", "ultrafast")
    fitted = fit_to_audio(
        video,
        made("a.ogg", *tone(3.0), "-c:a", "libopus"),
        tmp_path / "out.mp4",
        encoder="libx264",
        deadline=60,
    )
    assert (fitted.width, fitted.height) == (320, 180)
    assert end_of_packets(tmp_path / "out.mp4", 0) == pytest.approx(3.0, abs=1 / fitted.fps)


def test_what_lacks_a_track_is_refused(made: Made, tmp_path: Path) -> None:
    video, sound = made("v.mp4", *picture(1.0)), made("a.wav", *tone(1.0))
    page = tmp_path / "page.mp4"
    page.write_text("<html>not found</html>")
    for one, other, error in (
        (sound, sound, NoVideoError),
        (video, video, NoAudioError),
        (page, sound, NotMediaError),
    ):
        with pytest.raises(error):
            fit_to_audio(one, other, tmp_path / "out.mp4", encoder="libx264", deadline=60)
    assert not (tmp_path / "out.mp4").exists()


def test_what_a_gpu_does_not_do_the_processor_does(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The way over the GPU really fails here; for the other one its encoder is exchanged."""
    gpu = fitting.on_gpu(["fps=25"], "standard")
    assert gpu.reading == ("-hwaccel", "cuda", "-hwaccel_output_format", "cuda")
    assert "-pix_fmt" not in gpu.encoding

    def exchanged(
        encoder: Encoder,
        quality: Quality,
        *,
        threads: int = 0,
        pixels: Literal["yuv420p", "cuda"] = "yuv420p",
    ) -> list[str]:
        used = encoder if pixels == "cuda" else "libx264"
        return encoder_arguments(used, quality, threads=threads, pixels=pixels)

    monkeypatch.setattr(fitting, "encoder_arguments", exchanged)
    if choose_encoder() != "libx264":
        pytest.skip("this machine has a GPU that encodes")
    video = made("v.mp4", *picture(1.0))
    fitted = fit_to_audio(
        video, made("a.wav", *tone(1.0)), tmp_path / "out.mp4", encoder="h264_nvenc", deadline=60
    )
    assert fitted.frames == counted_frames(tmp_path / "out.mp4") == 25
    assert "the processor decodes" in caplog.text
    caplog.clear()
    odd = made("odd.mkv", *picture(0.2), "-vf", "setsar=2", "-pix_fmt", "yuv420p")
    fit_to_audio(odd, tmp_path / "a.wav", tmp_path / "odd.mp4", encoder="h264_nvenc", deadline=60)
    assert "processor" not in caplog.text, "what has to be changed is not tried"


def test_ten_hours_are_the_most(made: Made, tmp_path: Path) -> None:
    long = tmp_path / "long.wav"
    with long.open("wb") as file, wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(100)
        sound.writeframes(bytes(int(100 * (MAX_SECONDS + 60))))
    with pytest.raises(LimitExceededError, match=r"audio is 10\.0 hours"):
        fit_to_audio(made("v.mp4", *picture(1.0)), long, tmp_path / "out.mp4", encoder="libx264", deadline=60)
