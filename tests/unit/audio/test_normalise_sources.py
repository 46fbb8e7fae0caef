"""Files that cannot be normalised, and those that only look so."""

from pathlib import Path

import pytest

from tasks.audio.normalise import NormalisationOptions, normalise
from tasks.errors import DamagedMediaError, NoAudioError, NotMediaError
from tests.material import film

BARE = NormalisationOptions(
    remove_noise=False, convert_to_mono=False, set_sample_rate_16k=False, loudness_lufs=None
)
NO_MODELS = Path("/nowhere")


def make_film(path: Path, *arguments: str) -> Path:
    return film(path, *arguments, seconds=30, size="64x48", rate=10)


def test_video_without_sound(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", "-an")
    with pytest.raises(NoAudioError):
        normalise(film, tmp_path / "out.flac", BARE, NO_MODELS)


def test_a_web_page(tmp_path: Path) -> None:
    page = tmp_path / "film.mp4"
    page.write_text("<!doctype html><title>Sign in</title>")
    with pytest.raises(NotMediaError, match="web page"):
        normalise(page, tmp_path / "out.flac", BARE, NO_MODELS)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("film.mp4", ("-movflags", "+faststart")),
        ("film.mkv", ()),
        ("sound.mp3", ("-vn",)),
        ("sound.flac", ("-vn",)),
        ("sound.wav", ("-vn",)),
    ],
)
def test_a_file_cut_short_is_found(tmp_path: Path, name: str, arguments: tuple[str, ...]) -> None:
    whole = make_film(tmp_path / name, *arguments)
    normalise(whole, tmp_path / "out.flac", BARE, NO_MODELS)
    (tmp_path / "out.flac").unlink()
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(DamagedMediaError, match="30 s long, but only 1") as caught:
        normalise(whole, tmp_path / "out.flac", BARE, NO_MODELS)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_sound_shorter_than_the_pictures_is_no_damage(tmp_path: Path, container: str) -> None:
    film = make_film(tmp_path / f"film.{container}", "-af", "atrim=end=10")
    report = normalise(film, tmp_path / "out.flac", BARE, NO_MODELS)
    assert report.result.duration == pytest.approx(10, abs=0.2)
