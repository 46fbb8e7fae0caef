"""Captions of a film: their look, the room that they take, and how they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pysubs2

from tasks.captions.fonts import find_typeface
from tasks.captions.highlight import highlight_script
from tasks.captions.look import Canvas as CaptionCanvas
from tasks.captions.look import SafeArea
from tasks.captions.placing import Placing
from tasks.captions.presets import PRESETS, chosen_look
from tasks.captions.reading import SpokenWord as DrawnWord
from tasks.captions.word_look import CLASSIC_OUTLINE, HighlightLook, contrast
from tasks.film.options import Platform, VideoConfig
from tasks.film.storyboard import Canvas
from tasks.promotion.materials import SpokenWord
from tasks.promotion.product import Brand

_TALL: dict[Platform | None, SafeArea] = {
    "tiktok": "tiktok",
    "instagram": "reels",
    "facebook": "reels",
    "youtube": "shorts",
    # The others lay nothing over the picture; without a platform it may go to any that scrolls.
    None: "shorts",
}
_WIDE: dict[Platform | None, SafeArea] = {"youtube": "youtube", None: "youtube"}
_NO_BRAND = Brand()
_GROUND = 75
"""Per cent of opacity from which a box behind captions hides the picture."""
_SEEN = 2.0
"""Contrast of a box to what it lies on, from which it is seen at a glance."""
_OVERSHOOT = 0.1
"""Of the size of letters, by which words that pop up are larger for a moment."""


def caption_canvas(config: VideoConfig) -> CaptionCanvas:
    """The frame, and what apps lay over it where the film is published."""
    width, height = config.frame
    area: SafeArea = "title"
    if config.aspect == "9:16":
        area = _TALL.get(config.platform, "title")
    elif config.aspect == "16:9":
        area = _WIDE.get(config.platform, "title")
    return CaptionCanvas(width=width, height=height, safe_area=area)


def caption_look(config: VideoConfig, brand: Brand = _NO_BRAND, grounds: Sequence[str] = ()) -> HighlightLook:
    """How captions look; the box of the spoken word is seen on all of `grounds` (#RRGGBB)."""
    chosen: dict[str, object] = {"safe_area": caption_canvas(config).safe_area}
    if config.caption_style == "box":
        usual = str(PRESETS["box"]["highlight_cor"])
        colors = (*(brand.colors or (usual,)), "#FFFFFF", "#000000")
        box = next((color for color in colors if _stands_out(color, grounds)), colors[0])
        letters = max(("#FFFFFF", "#000000"), key=lambda color: contrast(box, color))
        chosen |= {"highlight_cor": box, "highlight_texto_cor": letters}
    look = chosen_look(config.caption_style, chosen)
    if look.fundo_opacidade < _GROUND and look.outline_width < CLASSIC_OUTLINE:
        # Letters on photographs are read by their edge: what is behind them may be as bright as they are.
        look = look.model_copy(update={"outline_width": CLASSIC_OUTLINE})
    return look


def _stands_out(color: str, grounds: Sequence[str]) -> bool:
    return all(contrast(color, ground) >= _SEEN for ground in grounds)


def film_canvas(config: VideoConfig, *, captions: bool, fonts: Sequence[Path] = ()) -> Canvas:
    """The frame with what of it is free for titles: the safe area, and of that what lies above the captions."""
    canvas = caption_canvas(config)
    left, right, top, bottom = canvas.margins(0, 0)
    if captions:
        bottom = max(bottom, canvas.height - int(caption_band(config, fonts).top))
    return Canvas(
        width=canvas.width,
        height=canvas.height,
        safe=(
            left / canvas.width,
            top / canvas.height,
            1 - right / canvas.width,
            1 - bottom / canvas.height,
        ),
    )


@dataclass(frozen=True)
class Band:
    """The rows that captions take at their usual place, in pixels of the frame."""

    top: float
    bottom: float


def caption_band(config: VideoConfig, fonts: Sequence[Path] = ()) -> Band:
    """Where captions of the most lines stand."""
    canvas, look = caption_canvas(config), caption_look(config)
    placing = Placing(look, canvas, find_typeface(look.fonte, bold=True, folders=fonts))
    _, below = canvas.edges(look.position, look.padding_vertical * canvas.scale)
    lines = 1 if look.style == "word_by_word" else look.max_lines
    height = placing.size * (lines + (lines - 1) * look.line_spacing / 100 + _OVERSHOOT)
    bottom = canvas.height - below
    return Band(int(bottom - 2 * placing.inset - height), bottom)


@dataclass(frozen=True)
class Passage:
    """Words whose captions hold no others, and stand in one place."""

    words: tuple[SpokenWord, ...]
    raised: float = 0.0
    """Pixels above the usual place."""


def caption_script(
    passages: Sequence[Passage],
    config: VideoConfig,
    brand: Brand = _NO_BRAND,
    fonts: Sequence[Path] = (),
    grounds: Sequence[str] = (),
) -> tuple[pysubs2.SSAFile, str]:
    """The captions to draw, and the characters that no font here can draw.

    Args:
        passages: In their order.
        config: Of the film.
        brand: Whose colour the spoken word has.
        fonts: Folders of fonts that the installation has beside those of the project.
        grounds: Colours (#RRGGBB) that captions lie on where they lie on no picture.
    """
    look, canvas = caption_look(config, brand, grounds), caption_canvas(config)
    typeface = find_typeface(look.fonte, bold=True, folders=fonts)
    typeface = typeface.for_text(" ".join(word.text for passage in passages for word in passage.words))
    _, below = canvas.edges(look.position, look.padding_vertical * canvas.scale)
    script, lost = pysubs2.SSAFile(), ""
    for number, passage in enumerate(passages):
        drawn = [DrawnWord(word=word.text, start=word.start, end=word.end) for word in passage.words]
        padding = round((below + passage.raised) / canvas.scale) if passage.raised else look.padding_vertical
        raised = look.model_copy(update={"padding_vertical": padding})
        part, missing = highlight_script(drawn, raised, canvas, typeface)
        if number == 0:
            script.info, script.styles = part.info, part.styles
        # Cards stay for a moment after their last word: not beside those of the next passage.
        until = round(passages[number + 1].words[0].start * 1000) if number + 1 < len(passages) else None
        for event in part:
            event.end = event.end if until is None else min(event.end, until)
            if event.start < event.end:
                script.append(event)
        lost += missing
    return script, lost
