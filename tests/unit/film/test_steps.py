"""The step that makes a film, from stored files to a stored film."""

import io
import wave
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from blocks.from_settings import media_store
from blocks.media_store import sha256_of
from blocks.settings import get_settings
from tasks.errors import InvalidInputError, MissingEngineError
from tasks.film import steps
from tasks.film.options import TemplateChoice, VideoConfig
from tasks.film.steps import Film, FilmRequest, make_film
from tasks.progress import ignore_progress
from tasks.promotion import product as facts
from tasks.promotion.materials import CaptionTrack, Picture, StoredFile, WrittenCopy
from tests.unit.film.narrations import narration
from tests.unit.film.plain import COLOURS, decoded, nearest

SMALL: dict[str, Any] = {"size": 240, "fps": 12, "quality": "draft", "music": "none"}
PRODUCT = facts.Product(
    name="Cafeteira Aurora",
    features=("Prepara 12 xícaras", "Desliga sozinha"),
    price="R$ 299,90",
    old_price="R$ 399,90",
    instalments=facts.Instalments(count=10, amount="29,99", interest_free=True),
    offer_ends=date(2026, 12, 15),
    testimonials=(facts.Testimonial(quote="Meu café nunca foi tão bom.", author="Ana P.", stars=5),),
    brand=facts.Brand(name="Casa Aurora", website="casaaurora.com.br", colors=("#0B5D4B",)),
)
WRITTEN = WrittenCopy(
    platform="instagram",
    language="pt-BR",
    headline="Oferta 🔥🇧🇷👩‍👩‍👧 até 15/12",
    text="",
    hashtags=(),
    call_to_action="Peça a sua",
    script="",
    engine="templates",
)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty store, and a job of a minute."""
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(steps, "seconds_of_job", lambda: 60.0)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def put(data: bytes, key: str) -> StoredFile:
    """A file of the store."""
    media_store(get_settings()).put_bytes(data, key)
    return StoredFile(key=key, sha256=f"{hash(data):064x}"[-64:])


def pictures(count: int = 5) -> tuple[Picture, ...]:
    """Plain ones, each of another colour."""
    found = []
    for number, color in enumerate(COLOURS[:count]):
        data = io.BytesIO()
        Image.new("RGB", (160, 200), color).save(data, "PNG")
        found.append(
            Picture(file=put(data.getvalue(), f"in/{number}.png"), width=160, height=200, source=number)
        )
    return tuple(found)


def voice(seconds: float) -> bytes:
    """A voice-like hum as WAV."""
    times = np.arange(round(seconds * 24_000)) / 24_000
    hum = 9000 * np.sin(2 * np.pi * 170 * times) * np.abs(np.sin(2 * np.pi * 2 * times))
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(hum.astype("<i2").tobytes())
    return data.getvalue()


def made(config: dict[str, Any] | None = None, **changes: Any) -> Film:
    """The film of a small request."""
    asked = {"product": PRODUCT, "pictures": pictures(2), "written": WRITTEN, **changes}
    request = FilmRequest(config=VideoConfig(**(SMALL | (config or {}))), **asked)
    return make_film.work(request, ignore_progress)


def frames(film: Film) -> list[Any]:
    """The film's frames, RGB."""
    with media_store(get_settings()).open_local(film.key) as path:
        assert (sha256_of(path), path.stat().st_size) == (film.sha256, film.size)
        return decoded(path)


def test_a_film_with_a_voice_captions_and_all_that_belongs_to_it() -> None:
    spoken = narration((1.5, 1.2, 1.6, 1.3, 1.4))
    heard = spoken.model_copy(update={"file": put(voice(spoken.duration), "in/voice.wav")})
    words = tuple(word for sentence in spoken.sentences for word in sentence.words)
    srt = put(b"1\n00:00:00,100 --> 00:00:01,600\nword\n", "in/captions.srt")
    track = CaptionTrack(language="pt-BR", cues=(), words=words, files={"srt": srt})
    told: list[float] = []
    request = FilmRequest(
        product=PRODUCT,
        pictures=pictures(),
        written=WRITTEN,
        narration=heard,
        captions=track,
        config=VideoConfig(**SMALL),
    )
    film = make_film.work(request, told.append)
    assert (film.width, film.height, film.fps, film.audio) == (240, 426, 12.0, "voiceover")
    assert film.template == "price-drop"
    assert film.captions == {"srt": srt}
    assert {check.name for check in film.checks if not check.passed} <= {"spoken_facts"}
    shown = frames(film)
    assert len(shown) == film.frames == round(film.seconds * 12)
    for number, sentence in enumerate(spoken.sentences):
        middle = shown[round((sentence.start + sentence.end) / 2 * 12)]
        apart = [int((np.abs(middle.astype(int) - color).max(axis=2) < 40).sum()) for color in COLOURS]
        assert int(np.argmax(apart)) == number
    assert told == sorted(told)
    store = media_store(get_settings())
    assert all(store.exists(key) for key in film.store_keys())
    with Image.open(io.BytesIO(store.read_bytes(str(film.poster)))) as poster:
        assert poster.size == (240, 426)


@pytest.mark.parametrize("template", [name for name in get_args(TemplateChoice) if name != "auto"])
def test_every_template_passes_its_checks_and_lasts_exactly_as_asked(template: str) -> None:
    film = made({"template": template, "duration": 4.3, "aspect": "4:5", "audio_type": "none"})
    assert (film.template, film.audio, film.warnings) == (template, "none", ())
    assert film.frames == round(4.3 * 12) == len(frames(film))
    assert all(check.passed for check in film.checks)


def test_without_a_voice_the_film_has_music_alone_and_says_so() -> None:
    film = made({"audio_type": "voiceover", "duration": 6}, music=put(voice(5.0), "in/bed.wav"))
    assert film.audio == "ambient"
    assert "There is no voice-over" in film.warnings[0]
    assert {check.name: check.passed for check in film.checks}["loudness"]


def test_a_voice_that_is_not_to_be_heard_does_not_rule_the_cut() -> None:
    spoken = narration((9.0, 9.0))
    heard = spoken.model_copy(update={"file": put(voice(3.0), "in/voice.wav")})
    film = made({"audio_type": "none", "duration": 3}, narration=heard)
    assert (film.seconds, film.audio) == (3.0, "none")


def test_a_narration_that_does_not_fit_is_refused_before_anything_is_rendered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tasks.film.making.render", lambda *_args, **_more: pytest.fail("it was rendered"))
    spoken = narration((6.0, 6.0, 6.0, 6.0))
    heard = spoken.model_copy(update={"file": put(voice(2.0), "in/voice.wav")})
    with pytest.raises(InvalidInputError, match=r"lasts 25\.\d s and the film is to last 15 s"):
        made({"duration": 15}, narration=heard)


def test_music_that_is_not_installed_is_named_or_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(tmp_path / "none"))
    get_settings.cache_clear()
    film = made({"music": "auto", "duration": 4})
    assert "no music" in film.warnings[0]
    assert film.audio == "none"
    with pytest.raises(MissingEngineError, match="models get music"):
        made({"music": "happy", "duration": 4})


def test_a_film_without_music_is_made_again_once_there_is_some(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(tmp_path))
    get_settings.cache_clear()
    keys = []
    for name in ("", "happy_acoustic_1.opus"):
        if name:
            (tmp_path / "music").mkdir()
            (tmp_path / "music" / name).touch()
        keys += [FilmRequest(product=PRODUCT, pictures=pictures(1)).cache_key() for _ in range(2)]
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_the_end_card_comes_last() -> None:
    shown = frames(made({"duration": 4, "template": "slideshow"}))
    assert nearest(shown[8][:60]) == 0
    assert nearest(shown[-1][:60]) is None
