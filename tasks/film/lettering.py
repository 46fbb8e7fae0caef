"""Captions of a film: their look, the room that they take, and how they are drawn."""

from collections.abc import Sequence
from pathlib import Path

import pysubs2

from tasks.captions.fonts import find_typeface
from tasks.captions.highlight import highlight_script
from tasks.captions.look import Canvas as CaptionCanvas
from tasks.captions.look import SafeArea
from tasks.captions.placing import Placing
from tasks.captions.presets import chosen_look
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


def caption_look(config: VideoConfig, brand: Brand = _NO_BRAND) -> HighlightLook:
    """How captions look."""
    chosen: dict[str, object] = {"safe_area": caption_canvas(config).safe_area}
    if brand.colors and config.caption_style == "box":
        ground = brand.colors[0]
        letters = max(("#FFFFFF", "#000000"), key=lambda color: contrast(ground, color))
        chosen |= {"highlight_cor": ground, "highlight_texto_cor": letters}
    look = chosen_look(config.caption_style, chosen)
    if look.fundo_opacidade < _GROUND and look.outline_width < CLASSIC_OUTLINE:
        # Letters on photographs are read by their edge: what is behind them may be as bright as they are.
        look = look.model_copy(update={"outline_width": CLASSIC_OUTLINE})
    return look


def film_canvas(config: VideoConfig, *, captions: bool, fonts: Sequence[Path] = ()) -> Canvas:
    """The frame with what of it is free for titles: the safe area, and of that what lies above the captions."""
    canvas = caption_canvas(config)
    left, right, top, bottom = canvas.margins(0, 0)
    if captions:
        bottom = max(bottom, canvas.height - _caption_top(config, canvas, fonts))
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


def _caption_top(config: VideoConfig, canvas: CaptionCanvas, fonts: Sequence[Path]) -> int:
    look = caption_look(config)
    placing = Placing(look, canvas, find_typeface(look.fonte, bold=True, folders=fonts))
    _, bottom = canvas.edges(look.position, look.padding_vertical * canvas.scale)
    lines = 1 if look.style == "word_by_word" else look.max_lines
    height = placing.size * (lines + (lines - 1) * look.line_spacing / 100 + _OVERSHOOT)
    return int(canvas.height - bottom - 2 * placing.inset - height)


def caption_script(
    words: Sequence[SpokenWord], config: VideoConfig, brand: Brand = _NO_BRAND, fonts: Sequence[Path] = ()
) -> tuple[pysubs2.SSAFile, str]:
    """The captions to draw, and the characters that no font here can draw."""
    look = caption_look(config, brand)
    drawn = [DrawnWord(word=word.text, start=word.start, end=word.end) for word in words]
    typeface = find_typeface(look.fonte, bold=True, folders=fonts)
    return highlight_script(drawn, look, caption_canvas(config), typeface)
