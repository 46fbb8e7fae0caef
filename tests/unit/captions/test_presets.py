"""Presets as they are drawn: letters that can be read over anything, in the safe area, the spoken word another."""

from pathlib import Path
from typing import get_args

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.captions.burning import burn
from tasks.captions.fonts import find_typeface
from tasks.captions.highlight import highlight_script
from tasks.captions.look import Canvas
from tasks.captions.presets import PRESETS, chosen_look
from tasks.captions.reading import SpokenWord
from tasks.captions.word_look import READABLE, HighlightLook, Preset, contrast
from tasks.errors import InvalidInputError
from tasks.media.ffmpeg import run_ffmpeg

WIDTH, HEIGHT = 540, 960
GROUNDS = {1: 0, 2: 255, 3: 128}
"""Second → how bright the picture is."""
LETTERS = 300
"""Pixels that are more than the rim of something."""
every_preset = pytest.mark.parametrize("name", get_args(Preset))


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Black, white and grey, a second each, after a second without words."""
    path = tmp_path_factory.mktemp("grounds") / "v.mp4"
    picture = (
        f"color=black:size={WIDTH}x{HEIGHT}:rate=10:duration=4,drawbox=color=white:t=fill:enable='between(t,2,2.9)',"
        "drawbox=color=0x808080:t=fill:enable='gte(t,3)'"
    )
    run_ffmpeg(["-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p"], output=path, duration=4, deadline=60)
    return path


def words() -> list[SpokenWord]:
    """In each second the same two, of which one is spoken at .0 and one at .5."""
    return [
        SpokenWord(word=word, start=second + start, end=second + end)
        for second in GROUNDS
        for word, start, end in (("Não", -0.2, 0.3), ("42%!", 0.3, 0.75))
    ]


def frames(video: Path, look: HighlightLook, folder: Path) -> list[NDArray[np.int16]]:
    canvas = Canvas(width=WIDTH, height=HEIGHT, safe_area=look.safe_area)
    typeface = find_typeface(look.fonte, bold=True)
    script, lost = highlight_script(words(), look, canvas, typeface)
    assert lost == ""
    (folder / "work").mkdir()
    out = folder / "o.mp4"
    chosen = {"encoder": "libx264", "quality": "draft", "deadline": 60, "workplace": folder / "work"}
    burn(video, script, out, **chosen)  # type: ignore[arg-type]
    with av.open(str(out)) as container:
        found = [
            frame.to_ndarray(format="rgb24").astype(np.int16)
            for number, frame in enumerate(container.decode(video=0))
            if number % 5 == 0
        ]
    assert len(found) == 8
    return found


def luminance(pixels: NDArray[np.int16]) -> NDArray[np.float64]:
    parts = pixels / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    for _ in range(by):
        wider = mask.copy()
        wider[1:] |= mask[:-1]
        wider[:-1] |= mask[1:]
        wider[:, 1:] |= mask[:, :-1]
        wider[:, :-1] |= mask[:, 1:]
        mask = wider
    return mask


def near(frame: NDArray[np.int16], color: str) -> NDArray[np.bool_]:
    wanted = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)], np.int16)
    return np.asarray((np.abs(frame - wanted) < 48).all(axis=2))


def ratio(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@every_preset
def test_a_preset_is_readable_over_anything_and_keeps_clear_of_the_apps(
    name: Preset, grounds: Path, tmp_path: Path
) -> None:
    look = chosen_look(name, {"max_lines": 1})
    shown = frames(grounds, look, tmp_path)
    left, right, top, bottom = Canvas(width=WIDTH, height=HEIGHT, safe_area="auto").margins(0, 0)
    colors = {
        look.texto_cor,
        look.highlight_texto_cor,
        look.emphasis_color,
        *look.word_colors,
        look.highlight_cor,
    }
    boxes = {look.highlight_cor} if look.style in ("highlight", "underline") else set()
    for half in (0, 1):
        over_black = shown[2 + half]
        letters = [near(over_black, color) for color in colors - boxes]
        for second, ground in GROUNDS.items():
            frame = shown[2 * second + half]
            drawn = np.asarray(np.abs(frame - ground).max(axis=2) > 40)
            rows, columns = drawn.nonzero()
            assert left <= columns.min()
            assert columns.max() < WIDTH - right
            assert top <= rows.min()
            assert rows.max() < HEIGHT - bottom
            area = (slice(rows.min(), rows.max()), slice(columns.min(), columns.max()))
            bright = luminance(frame[area])
            for mask in (whole[area] for whole in letters):
                if mask.sum() < LETTERS:
                    continue
                around = grown(mask, 2) & ~grown(mask, 1)
                found = ratio(float(np.median(bright[mask])), float(np.median(bright[around])))
                assert found >= READABLE, f"{name} over {ground}: {found:.1f}"
        assert any(mask.sum() >= LETTERS for mask in letters)
    for second in GROUNDS:
        changed = np.abs(shown[2 * second] - shown[2 * second + 1]).max(axis=2) > 60
        assert changed.sum() > LETTERS, "the spoken word looks like the others"


@every_preset
def test_a_preset_is_a_look_and_its_font_is_here(name: Preset) -> None:
    look = HighlightLook.model_validate(PRESETS[name])
    assert set(PRESETS[name]) <= set(HighlightLook.model_fields)
    assert not find_typeface(look.fonte, bold=True).mapped
    assert contrast(look.texto_cor, look.outline_color) >= READABLE


def test_what_is_sent_wins_over_a_preset_and_what_is_not_is_the_classic_look() -> None:
    sent = {"highlight_cor": "#00FF00", "fonte": None, "lowercase": True, "fundo_opacidade": 50}
    look = chosen_look("bold", sent)
    assert (look.highlight_cor, look.fonte, look.fundo_opacidade) == ("#00FF00", "Montserrat Black", 50)
    assert (look.lowercase, look.uppercase) == (True, False)
    assert chosen_look(None, {"fonte": None}) == HighlightLook()


def test_small_letters_are_none_for_amounts() -> None:
    look = HighlightLook(lowercase=True)
    assert [look.cased(word) for word in ("Só", "R$", "US$20", "É")] == ["só", "R$", "US$20", "é"]
    assert HighlightLook(uppercase=True).cased("até") == "ATÉ"


def test_capitals_and_small_letters_at_once_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="uppercase and lowercase"):
        chosen_look(None, {"uppercase": True, "lowercase": True})


def test_what_fades_in_is_seen_from_its_first_picture_on(grounds: Path, tmp_path: Path) -> None:
    look = chosen_look("clean", {"texto_cor": "#FFFFFF"})
    canvas = Canvas(width=WIDTH, height=HEIGHT, safe_area=look.safe_area)
    word = [SpokenWord(word="Mesmo", start=1.0, end=1.9)]
    script, _ = highlight_script(word, look, canvas, find_typeface(look.fonte, bold=True))
    (tmp_path / "work").mkdir()
    burn(
        grounds,
        script,
        tmp_path / "o.mp4",
        encoder="libx264",
        deadline=60,
        workplace=tmp_path / "work",
        quality="draft",
    )
    with av.open(str(tmp_path / "o.mp4")) as container:
        brightest = [int(frame.to_ndarray(format="gray").max()) for frame in container.decode(video=0)][9:13]
    assert brightest[0] < 40 < brightest[1] < brightest[2]
    assert brightest[3] > 200


@pytest.mark.parametrize(("strip", "cards"), [(True, 2), (False, 1)])
def test_sentences_whose_marks_are_not_shown_are_not_mixed(strip: bool, cards: int) -> None:
    look = chosen_look("bold", {"strip_punctuation": strip})
    typeface = find_typeface(look.fonte, bold=True)
    spoken = [SpokenWord(word=word, start=at, end=at + 0.5) for at, word in enumerate(("Sim.", "Agora"))]
    script, _ = highlight_script(spoken, look, Canvas(width=WIDTH, height=HEIGHT), typeface)
    last = {event.end for event in script if "SIM" in event.text}
    first = {event.start for event in script if "AGORA" in event.text}
    assert (max(last) <= min(first)) == (cards == 2)
