"""Jobs whose callers try to reach files and addresses that are not theirs."""

import os
from pathlib import Path
from typing import Any

import pytest

from blocks.from_settings import media_store
from blocks.settings import get_settings
from flows.captions import caption, caption_highlight
from flows.transcription import transcribe
from flows.video import addaudio, img2vid
from tests.flow.jobs import SMALL, artifacts_of, end_of
from tests.material import film, photograph
from tests.servers.media import MediaServer
from tests.servers.traps import Traps, playlists

SRT = b"1\n00:00:00,000 --> 00:00:01,000\nOi\n"


@pytest.fixture(scope="module")
def film_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Half a second of picture and sound."""
    return film(tmp_path_factory.mktemp("film") / "v.mp4").read_bytes()


@pytest.fixture
def outside(tmp_path: Path, film_bytes: bytes) -> Path:
    """A folder beside the home with files that every job could use, if it reached them."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "v.mp4").write_bytes(film_bytes)
    (folder / "v.srt").write_bytes(SRT)
    (folder / "v.jpg").write_bytes(photograph(1))
    return folder


@pytest.fixture(name="film")
def served_film(server: MediaServer, film_bytes: bytes) -> str:
    return server.say("/v.mp4", film_bytes, content_type="video/mp4", headers={"ETag": '"v"'})


@pytest.fixture
def notify(server: MediaServer) -> dict[str, Any]:
    return {"webhook_url": server.say("/hook", content_type=None)}


def spellings(file: Path, store: Path) -> list[str]:
    """Ways to name a file outside the store as a source; those through links are planted in the store."""
    store.mkdir(parents=True, exist_ok=True)
    (store / f"link{file.suffix}").symlink_to(file)
    (store / "folder").symlink_to(file.parent)
    climb = os.path.relpath(file, store)
    return [
        climb,
        f"a/{climb}",
        f"./{climb}",
        str(file),
        f"/{file}",
        f"file://{file}",
        f"FILE:{file}",
        f"file://localhost{file}",
        climb.replace("/", "\\"),
        f"C:\\{file.name}",
        climb.replace("..", "%2e%2e"),
        climb.replace("..", "．．").replace("/", "∕"),
        climb.replace("../", "....//"),
        f"{climb}\x01.mp4",
        f"link{file.suffix}",
        f"folder/{file.name}",
        "a" * 4090 + file.suffix,
        "folder:" + str(file.parent),
        f"concat:{file}",
        f"subfile,,start,0,end,0,,:{file}",
    ]


def stored() -> list[str]:
    """What jobs have put into the store; notes of steps aside."""
    return [file.key for file in media_store(get_settings()).list() if not file.key.startswith("results/")]


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["addaudio", "caption", "words", "transcribe", "img2vid"])
async def test_a_source_is_never_a_file_outside_the_store(
    server: MediaServer, home: Path, outside: Path, film: str, notify: dict[str, Any], kind: str
) -> None:
    ending = {"caption": "srt", "words": "srt", "img2vid": "jpg"}.get(kind, "mp4")
    before = files_of(outside)
    every = spellings(outside / f"v.{ending}", home / "store")
    # Subtitles, words and images are fetched by the same code as videos and sound: for them a few.
    for source in every if kind in ("addaudio", "transcribe") else every[::7]:
        flow: Any
        asked: dict[str, Any]
        match kind:
            case "addaudio":
                flow, asked = addaudio, {"url_video": source, "url_audio": film, **notify}
            case "caption":
                flow, asked = caption, {"url_video": film, "url_srt": source, **notify}
            case "words":
                flow, asked = caption_highlight, {"url_video": film, "url_words_json": source, **notify}
            case "transcribe":
                flow, asked = (
                    transcribe,
                    {"youtube_url": source, "language": "en", "model": "tiny.en", **notify},
                )
            case _:
                images = [{"id": "a", "image_url": source, "duracao": 0.5}]
                flow, asked = img2vid, {"images": images, **notify, **SMALL}
        state = await end_of(flow, **asked)
        assert state.is_failed(), source
        assert "unexpected" not in (state.message or ""), source
        assert stored() == [], source
    assert files_of(outside) == before


WISHES: list[dict[str, str]] = [
    {"path": "../../outside"},
    {"path": "/../outside"},
    {"path": "a/../../../outside"},
    {"path": "..\\..\\outside"},
    {"path": "a\x01/../outside"},
    {"path": "linked"},
    {"path": "linked/deeper"},
    {"path": "a" * 300},
    {"output_filename": "../../../outside/x.mp4"},
    {"output_filename": "..\\x.mp4"},
    {"output_filename": "..mp4"},
    {"output_filename": "x\x01.mp4"},
    {"output_filename": "é" * 150},
    {"output_filename": "linked.mp4"},
    {"path": "media/aa", "output_filename": "a" * 64},
]


@pytest.mark.parametrize(
    ("kind", "wish"),
    [*(("addaudio", wish) for wish in WISHES), *(("caption", wish) for wish in WISHES[::5])],
)
async def test_a_result_never_leaves_the_store(
    home: Path,
    outside: Path,
    film: str,
    server: MediaServer,
    notify: dict[str, Any],
    kind: str,
    wish: dict[str, str],
) -> None:
    (home / "store" / "out").mkdir(parents=True)
    (home / "store" / "linked").symlink_to(outside)
    (home / "store" / "out" / "linked.mp4").symlink_to(outside / "new.mp4")
    before = files_of(outside)
    asked = {"path": "out", **notify, **wish}
    if kind == "addaudio":
        state = await end_of(addaudio, film, film, **asked, quality="draft")
    else:
        text = server.say("/v.srt", SRT, content_type="text/plain")
        state = await end_of(caption, film, text, **asked, quality="draft")
    assert state.is_failed()
    assert "unexpected" not in (state.message or "")
    assert files_of(outside) == before
    assert [key for key in stored() if not key.startswith(("media/", "files/", "videos/"))] == []


@pytest.mark.parametrize(
    ("path", "name", "key"),
    [
        ("%2e%2e/%2e%2e/outside", "%2e%2e%2fx", "%2e%2e/%2e%2e/outside/%2e%2e%2fx.mp4"),
        ("．．∕．．∕outside", "／etc／passwd", "．．∕．．∕outside/／etc／passwd.mp4"),
        ("/etc/", "x.mp4 ", "etc/x.mp4"),
    ],
)
async def test_what_looks_like_climbing_stays_below(
    home: Path, outside: Path, film: str, notify: dict[str, Any], path: str, name: str, key: str
) -> None:
    before = files_of(outside)
    state = await end_of(addaudio, film, film, path=path, output_filename=name, quality="draft", **notify)
    assert state.is_completed(), state.message
    assert key in stored()
    assert (home / "store" / key).resolve().is_relative_to((home / "store").resolve())
    assert files_of(outside) == before


@pytest.mark.parametrize("content_type", ["application/vnd.apple.mpegurl", "video/mp4", "text/plain"])
async def test_a_served_playlist_leads_to_no_other_file_or_server(
    server: MediaServer, traps: Traps, notify: dict[str, Any], content_type: str
) -> None:
    for number, (name, content) in enumerate(playlists(traps).items()):
        url = server.say(f"/{number}", content, content_type=content_type)
        state = await end_of(transcribe, url, language="en", model="tiny.en", **notify)
        assert state.is_failed(), name
        assert "unexpected" not in (state.message or ""), name
        assert traps.touched == [], name
        assert "canary of a file" not in str(await artifacts_of(state))
    assert stored() == []
