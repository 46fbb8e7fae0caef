"""Files that make careless readers open other files and addresses: no reader of ours does."""

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tasks.audio.normalise import NormalisationOptions, normalise
from tasks.captions.burning import burn, canvas_of
from tasks.captions.fonts import find_typeface
from tasks.captions.reading import Subtitle, read_subtitles
from tasks.captions.segments import SegmentLook, segment_script
from tasks.errors import ContrapontoError, InvalidInputError
from tasks.images.loading import load_image
from tasks.media.ffmpeg import ffmpeg_binary, media_input, run_ffmpeg
from tasks.media.frames import middle_frame
from tasks.media.pcm import decode
from tasks.media.probe import probe
from tasks.video.fitting import fit_to_audio
from tests.material import film
from tests.servers.traps import Traps, drawings, film_with_outside_data, film_with_playlist, playlists

ARIAL = find_typeface("Arial", bold=True)


@pytest.fixture(scope="module", name="film")
def film_to_work_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of picture and sound; its index is at the end."""
    return film(tmp_path_factory.mktemp("film") / "v.mov", size="96x64")


def _heard(source: Path, folder: Path, film: Path) -> None:
    with decode(source, sample_rate=8000, channels=1, deadline=60) as reader:
        for _ in reader:
            pass


def _normalised(source: Path, folder: Path, film: Path) -> None:
    options = NormalisationOptions(remove_noise=False, isolate_vocals=False)
    normalise(source, folder / "out.flac", options, folder, deadline=60)


def _fitted(source: Path, folder: Path, film: Path) -> None:
    fit_to_audio(source, film, folder / "out.mp4", encoder="libx264", deadline=60, quality="draft")


def _under_a_film(source: Path, folder: Path, film: Path) -> None:
    fit_to_audio(film, source, folder / "out.mp4", encoder="libx264", deadline=60, quality="draft")


def _captioned(
    source: Path, folder: Path, film: Path, said: tuple[Subtitle, ...] = (Subtitle(0, 1, "Olá"),)
) -> None:
    script, _ = segment_script(said, SegmentLook(), canvas_of(source), ARIAL)
    burn(
        source,
        script,
        folder / "out.mp4",
        encoder="libx264",
        deadline=60,
        workplace=Path(tempfile.mkdtemp(dir=folder)),
        quality="draft",
    )


READERS: dict[str, Callable[[Path, Path, Path], object]] = {
    "probe": lambda source, folder, film: probe(source),
    "decode": _heard,
    "ffmpeg": lambda source, folder, film: run_ffmpeg(
        media_input(source), output=folder / "out.mkv", duration=None, deadline=60
    ),
    "normalise": _normalised,
    "fit, the picture": _fitted,
    "fit, the sound": _under_a_film,
    "captions": _captioned,
    "frame": lambda source, folder, film: middle_frame(source),
    "image": lambda source, folder, film: load_image(source),
}


@pytest.mark.parametrize("reader", READERS)
def test_playlists_are_refused_and_lead_nowhere(
    tmp_path: Path, traps: Traps, film: Path, reader: str
) -> None:
    for name, content in playlists(traps).items():
        for ending in (".mp4", ".m3u8", ".wav"):
            source = tmp_path / f"media{ending}"
            source.write_bytes(content)
            with pytest.raises(ContrapontoError):
                READERS[reader](source, tmp_path, film)
            assert traps.touched == [], f"{name} as {ending}"
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("reader", sorted(READERS.keys() - {"image"}))
def test_playlists_within_films_lead_nowhere(tmp_path: Path, traps: Traps, film: Path, reader: str) -> None:
    for content in playlists(traps).values():
        source = tmp_path / "film.avi"
        source.write_bytes(film_with_playlist(content))
        assert probe(source).video is not None, "the film itself is one"
        with suppress(ContrapontoError):
            READERS[reader](source, tmp_path, film)
        assert traps.touched == []


@pytest.mark.parametrize("reader", sorted(READERS.keys() - {"image"}))
def test_films_whose_data_lie_elsewhere_lead_nowhere(
    tmp_path: Path, traps: Traps, film: Path, reader: str
) -> None:
    source = tmp_path / "film.mov"
    source.write_bytes(film_with_outside_data(film.read_bytes(), traps.file))
    with suppress(ContrapontoError):
        READERS[reader](source, tmp_path, film)
    assert traps.touched == []


def test_drawings_lead_nowhere(tmp_path: Path, traps: Traps, film: Path) -> None:
    for name, content in drawings(traps).items():
        source = tmp_path / "image.jpg"
        source.write_bytes(content)
        for look in (load_image, probe, middle_frame):
            with pytest.raises(InvalidInputError):
                look(source)
            assert traps.touched == [], name


def test_subtitles_that_name_files_are_only_text(tmp_path: Path, traps: Traps, film: Path) -> None:
    file = traps.file
    ass = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
        f"Style: Default,{file},20\n\n[Fonts]\nfontname: {file}\n\n[Graphics]\nfilename: {file}\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        f"Dialogue: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,{{\\fn{file}\\1img({file})}}Olá\n"
    )
    srt = (
        f'1\n00:00:00,000 --> 00:00:01,000\n<font face="{file}">Olá</font> <img src="{traps.url}">\n\n'
        f"2\n00:00:00,000 --> 00:00:01,000\n:fontsdir={file.parent}' , movie={file} [x]; {{\\fn{file}}}\n"
    )
    for number, text in enumerate((ass, srt)):
        folder = tmp_path / str(number)
        folder.mkdir()
        _captioned(film, folder, film, read_subtitles(text.encode()).cues)
        assert probe(folder / "out.mp4").video is not None
    assert traps.touched == []


@pytest.mark.parametrize("way", ["concat, the file", "concat, the server", "outside data"])
def test_a_careless_reader_would_be_caught(tmp_path: Path, traps: Traps, film: Path, way: str) -> None:
    source = tmp_path / "media"
    options: tuple[str, ...] = ("-f", "concat", "-safe", "0")
    if way == "concat, the file":
        source.write_text(f"ffconcat version 1.0\nfile '{traps.file}'\n")
    elif way == "concat, the server":
        source.write_text(f"ffconcat version 1.0\nfile '{traps.url}'\n")
    else:
        source.write_bytes(film_with_outside_data(film.read_bytes(), traps.file))
        options = ("-enable_drefs", "1", "-use_absolute_path", "1")
    subprocess.run(
        [
            *(ffmpeg_binary(), "-nostdin", "-protocol_whitelist", "file,http,tcp"),
            *(*options, "-i", str(source), "-f", "null", "-"),
        ],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert traps.touched
