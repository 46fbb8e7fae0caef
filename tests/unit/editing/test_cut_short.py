"""Films whose end is missing: every edit uses what is there, and says so."""

import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tasks.editing.aims import convert_options
from tasks.editing.bench import Bench, Made
from tasks.editing.converting import convert
from tasks.editing.mixing import mix
from tasks.editing.mixing_plan import MixOptions, Placing
from tasks.editing.overlay_plan import Layer, OverlayOptions
from tasks.editing.overlays import overlay
from tasks.editing.silences import SilenceOptions, remove_silence
from tasks.errors import NoAudioError
from tasks.video.fitting import fit_to_audio
from tests.unit.editing.films import counted, made, numbers

Job = Callable[[Path, Path, Bench], Made]


def mixed(film: Path, target: Path, bench: Bench) -> Made:
    hum = made(bench.scratch / "hum.wav", "-f", "lavfi", "-i", "sine=d=1")
    return mix([film, hum], MixOptions(tracks=(Placing(),), loudness=None), target, bench)


def laid_over(film: Path, target: Path, bench: Bench) -> Made:
    Image.new("RGB", (2, 2)).save(bench.scratch / "logo.png")
    options = OverlayOptions(layers=(Layer(width=2, opacity=1),), quality="draft")
    return overlay([film, bench.scratch / "logo.png"], options, target, bench)


def shortened(film: Path, target: Path, bench: Bench) -> Made:
    return remove_silence([film], SilenceOptions(threshold=-30, quality="draft"), target, bench)


def left_whole(film: Path, target: Path, bench: Bench) -> Made:
    options = SilenceOptions(threshold=-30, min_silence=50, quality="draft")
    return remove_silence([film], options, target, bench)


@pytest.mark.parametrize("job", [mixed, laid_over, shortened, left_whole])
def test_a_missing_end_is_said(tmp_path: Path, job: Job) -> None:
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac", "-movflags", "+faststart")
    film = counted(tmp_path / "film.mp4", *coding)
    bench, target = Bench(scratch=tmp_path), tmp_path / "out.mp4"
    assert not job(film, target, bench).warnings
    film.write_bytes(film.read_bytes()[: round(film.stat().st_size * 0.6)])
    told = job(film, target, bench).warnings
    assert told[0].startswith("The film is cut short: of its 4.0 s ")
    shown = numbers(target)
    assert shown[:9] == list(range(shown[0], shown[0] + 9))


def sound_alone(sound: Path, target: Path, bench: Bench) -> object:
    options = convert_options(None, None, None, None, None, None, "mp3", None, False, "draft")
    return convert([sound], options, target.with_suffix(".mp3"), bench)


def fitted(sound: Path, target: Path, bench: Bench) -> object:
    film = counted(bench.scratch / "film.mp4", seconds=1)
    return fit_to_audio(film, sound, target, encoder="libx264", deadline=60)


@pytest.mark.parametrize("job", [sound_alone, fitted, mixed])
@pytest.mark.parametrize("samples", [0, 1])
def test_sound_of_no_length_is_refused(
    tmp_path: Path, job: Callable[[Path, Path, Bench], object], samples: int
) -> None:
    with wave.open(str(tmp_path / "empty.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * samples))
    with pytest.raises(NoAudioError, match="empty"):
        job(tmp_path / "empty.wav", tmp_path / "out.mp4", Bench(scratch=tmp_path))
