"""The caption flows: real videos and subtitle files over HTTP, and what can be seen in the frames."""

import io
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from blocks.local_media_store import LocalMediaStore
from flows.captions import caption, caption_highlight, caption_segments
from tasks.jobs.document import JobDocument
from tests.flow.jobs import run_to_end
from tests.material import film
from tests.servers.media import MediaServer

SRT = """\ufeff1\r
00:00:01,000 --> 00:00:02,000\r
Coração {\\an8}<i>à</i> vista 😀\r
"""
RATE = 25


@pytest.fixture(scope="module")
def grey_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of grey, with a tone."""
    path = tmp_path_factory.mktemp("film") / "v.mp4"
    return film(
        path, "-c:a", "aac", seconds=2, picture="color=0x606060", size="640x360", rate=RATE
    ).read_bytes()


@pytest.fixture(name="film")
def served_film(server: MediaServer, grey_film: bytes) -> str:
    return server.say("/v.mp4", grey_film, content_type="video/mp4", headers={"ETag": '"v"'})


@pytest.fixture
def hook(server: MediaServer) -> str:
    return server.say("/hook", content_type=None)


async def run(flow: Any, **parameters: Any) -> JobDocument:
    document, artifacts = await run_to_end(flow, **parameters)
    if document.status == "completed":
        assert artifacts["preview"].startswith("data:image/jpeg;base64,")
        assert ("frame" in artifacts) != bool(parameters.get("preview"))
    return document


def frames(home: Path, key: str) -> list[NDArray[np.int16]]:
    with LocalMediaStore(root=home / "store").open_local(key) as path, av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        return [frame.to_ndarray(format="rgb24").astype(np.int16) for frame in container.decode(video=0)]


def drawn(frame: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Where a frame is not the grey of the film."""
    return np.asarray((np.abs(frame - 0x60) > 40).any(axis=2))


async def test_subtitles_are_burnt_in_their_time_and_place(
    server: MediaServer, home: Path, film: str, hook: str
) -> None:
    url = server.say("/legenda.srt", SRT.encode("utf-8"), content_type="application/x-subrip")
    document = await run(
        caption, url_video=film, url_srt=url, webhook_url=hook, path="/a/b/", output_filename="legendado.mp4"
    )
    assert document.error is None
    result: Any = document.result
    assert result["file"] == "a/b/legendado.mp4"
    assert result["font"] == {"asked": "Arial", "used": "Arimo", "stands_in": True}
    assert result["captions"] == 1
    assert result["warnings"] == []
    film_frames = frames(home, result["file"])
    shown = [drawn(frame) for frame in film_frames]
    assert len(shown) == 2 * RATE
    assert not any(mask.any() for mask in shown[:RATE])
    assert all(mask.sum() > 300 for mask in shown[RATE:])
    assert shown[RATE + 5].nonzero()[0].max() < 180, "its code wants it at the top"
    red, green, blue = np.moveaxis(film_frames[RATE + 5], 2, 0)
    assert ((red - blue > 90) & (green - blue > 60)).sum() > 50, "the emoji is yellow"


async def test_a_style_is_obeyed_and_the_safe_area_kept(
    server: MediaServer, home: Path, film: str, hook: str
) -> None:
    text = (
        "1\n00:00:00,000 --> 00:00:02,000\nUma frase comprida que precisa de mais do que uma linha só. Fim.\n"
    )
    document = await run(
        caption_segments,
        url_video=film,
        url_srt=server.say("/s.srt", text.encode("cp1252"), content_type="text/plain"),
        webhook_url=hook,
        font={"name": "Arimo", "size": 90, "bold": True},
        colors={"primary": "#00FF00", "outline": "#0000FF"},
        border={"style": 3, "width": 6},
        position={"alignment": "top_center", "marginVertical": 0},
        uppercase=True,
        break_sentences=True,
        safe_area="tiktok",
        replacements=[{"find": "Fim", "replace": "Acabou"}],
        excluded=[{"start": 1.0, "end": 3.0}],
    )
    assert document.error is None
    result: Any = document.result
    assert result["font"]["stands_in"] is False
    shown = frames(home, result["file"])
    rows, columns = drawn(shown[10]).nonzero()
    assert rows.min() >= 0.09 * 360 - 4
    assert rows.max() < 300
    assert columns.min() >= 0.06 * 640 - 4
    assert columns.max() <= (1 - 0.14) * 640 + 4
    green = (shown[10][..., 1] - shown[10][..., 0] > 90) & (shown[10][..., 1] - shown[10][..., 2] > 90)
    assert green.sum() > 500
    assert not drawn(shown[30]).any(), "nothing is shown in an excluded time"


def red(frame: NDArray[np.int16]) -> NDArray[np.bool_]:
    return (frame[..., 0] - frame[..., 1] > 80) & (frame[..., 0] - frame[..., 2] > 80)


async def test_the_highlighted_word_is_the_one_spoken(
    server: MediaServer, home: Path, film: str, hook: str
) -> None:
    words = [("Um", 0.2, 0.5), ("dois", 0.5, 0.9), ("três.", 1.2, 1.6)]
    body = {"words": [{"word": word, "start": start, "end": end} for word, start, end in words]}
    document = await run(
        caption_highlight,
        url_video=film,
        url_words_json=server.say("/w.json", json.dumps(body).encode(), content_type="application/json"),
        webhook_url=hook,
        fundo_opacidade=0,
        highlight_cor="#D60000",
    )
    assert document.error is None
    result: Any = document.result
    shown = frames(home, result["file"])
    centres = []
    for number, frame in enumerate(shown):
        columns = red(frame).nonzero()[1]
        centres.append((number / RATE, float(columns.mean()) if len(columns) > 50 else None))
    lit = {
        word: [
            second for second, centre in centres if centre is not None and start + 0.05 < second < end - 0.05
        ]
        for word, start, end in words
    }
    places = {
        word: {
            round(centre / 8)
            for second, centre in centres
            if centre is not None and start + 0.05 < second < end - 0.05
        }
        for word, start, end in words
    }
    assert all(lit.values()), "a spoken word is not highlighted"
    assert all(len(place) <= 2 for place in places.values()), "a box wanders while its word is spoken"
    means = [np.mean(list(places[word])) for word, _, _ in words]
    assert means == sorted(means)
    assert means[2] - means[0] > 8
    # Silence between two words highlights neither; ± 50 ms.
    assert all(centre is None for second, centre in centres if 0.95 < second < 1.15)
    assert all(centre is None for second, centre in centres if second < 0.15 or second > 1.65)


async def test_a_preview_is_pictures_and_no_video(
    server: MediaServer, home: Path, film: str, hook: str
) -> None:
    body = {
        "words": [
            {"word": word, "start": start, "end": start + 0.4} for start, word in enumerate(("Um", "R$5"))
        ]
    }
    document = await run(
        caption_highlight,
        url_video=film,
        url_words_json=server.say("/w.json", json.dumps(body).encode(), content_type="application/json"),
        webhook_url=hook,
        path="/p",
        output_filename="a.mp4",
        preset="punch",
        texto_cor="#00FF00",
        preview=True,
    )
    assert document.error is None
    result: Any = document.result
    assert result["font"]["used"] == "Anton"
    pictures = [LocalMediaStore(root=home / "store").read_bytes(each["file"]) for each in result["preview"]]
    assert [each["file"] for each in result["preview"]] == ["p/a-preview-1.jpg", "p/a-preview-2.jpg"]
    shown = [np.asarray(Image.open(io.BytesIO(picture))).astype(int) for picture in pictures]
    green, yellow = (
        ((frame[..., 1] > 180) & (frame[..., 2] < 110) & ((frame[..., 0] > 180) == is_yellow)).sum()
        for frame, is_yellow in zip(shown, (False, True), strict=True)
    )
    assert green > 500, "what is sent wins over the preset"
    assert yellow > 500, "a price is emphasised by the preset"
    assert not (home / "store" / "p" / "a.mp4").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fonte": "Comic Sans MS"}, "Archivo Black, Arimo"),
        ({"output_filename": "a/b.mp4"}, "slash"),
        ({"path": "../../etc"}, "store key"),
        ({"preset": "bold", "uppercase": True, "lowercase": True}, "capitals and in small letters"),
    ],
)
async def test_bad_wishes_are_refused_before_anything_is_fetched(
    server: MediaServer, film: str, hook: str, change: dict[str, Any], says: str
) -> None:
    asked = {"url_video": film, "url_words_json": server.url + "/w.json", "webhook_url": hook} | change
    document = await run(caption_highlight, **asked)
    assert (document.status, document.error_code) == ("failed", "invalid_input")
    assert says in (document.error or "")
    assert [asked.path for asked in server.asked] == ["/hook"]


async def test_no_subtitles_is_a_warning_and_no_subtitle_file_an_error(
    server: MediaServer, film: str, hook: str
) -> None:
    empty = server.say("/empty.srt", b"\n\n", content_type="text/plain")
    document = await run(caption, url_video=film, url_srt=empty, webhook_url=hook)
    result: Any = document.result
    assert "no captions" in result["warnings"][0]
    page = server.page("/page.srt", "<html>gone</html>")
    document = await run(caption, url_video=film, url_srt=page, webhook_url=hook)
    assert "web page" in (document.error or "")
    silent = server.say("/x.mp4", b"\0" * 600, content_type="video/mp4")
    document = await run(caption, url_video=silent, url_srt=empty, webhook_url=hook)
    assert document.error_code in ("not_media", "damaged_media")
