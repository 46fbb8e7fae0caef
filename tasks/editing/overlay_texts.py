"""Texts laid over a film, as one script: each in its place, as opaque as it is to be, for its time."""

import re
from collections.abc import Sequence
from pathlib import Path

import pysubs2
from typing_extensions import override

from tasks.captions.burning import Drawing, prepare_drawing
from tasks.captions.fonts import Typeface
from tasks.captions.look import Canvas, PlaceChoice, Position
from tasks.captions.reading import Subtitle
from tasks.captions.script import alpha_code, codes, new_script
from tasks.captions.segments import SegmentLook, segment_script
from tasks.editing.overlay_plan import Layer, Time, edges

_ALPHA = re.compile(r"(?<=\\1a)&H([0-9A-F]{2})&")
"""Transparency of a colour of an emoji, as `tasks.captions.emoji` writes it."""


class _Room(Canvas):
    """A picture of which a text takes no more than what is free for it."""

    free: tuple[int, int, int, int]
    """Pixels that are kept free at the left, right, top and bottom."""

    @override
    def margins(self, horizontal: float, vertical: float) -> tuple[int, int, int, int]:
        """What is kept free, whatever else is asked for."""
        return self.free

    @override
    def edges(self, position: Position, vertical: float) -> tuple[int, int]:
        """The same at the top and at the bottom."""
        return self.free[2:]


def draw_texts(
    layers: Sequence[Layer],
    times: Sequence[Time],
    typefaces: Sequence[Typeface | None],
    canvas: Canvas,
    fonts: Sequence[Path],
    scratch: Path,
) -> tuple[Drawing | None, tuple[str, ...]]:
    """The texts of the layers, ready to be drawn, and what is to be said of them; None if there are none.

    `typefaces`: None for a layer that has no text. `fonts`: folders that the installation has of its own.
    """
    script = new_script(canvas)
    lost, told = "", []
    for number, (layer, time, typeface) in enumerate(zip(layers, times, typefaces, strict=True), 1):
        if layer.text is None or typeface is None or time.length <= 0:
            continue
        free, said = edges(layer, canvas, layer.font.size * canvas.scale)
        told += [f"Layer {number} {sentence}" for sentence in said]
        text, missing = _text(layer, layer.text, time, _Room(**canvas.model_dump(), free=free), typeface)
        lost += missing
        for name, style in text.styles.items():
            script.styles[f"{number}{name}"] = style
        for event in text:
            event.style, event.layer = f"{number}{event.style}", number
            script.append(event)
    if not script.styles:
        return None, ()
    if lost:
        left_out = "".join(dict.fromkeys(lost))
        told.append(f"No font here can draw these characters, which were left out: {left_out}")
    return prepare_drawing(script, scratch, fonts), tuple(told)


def _text(
    layer: Layer, text: str, time: Time, room: _Room, typeface: Typeface
) -> tuple[pysubs2.SSAFile, str]:
    look = SegmentLook(
        font=layer.font,
        colors=layer.colors,
        border=layer.border,
        position=PlaceChoice(alignment=layer.position),
        placed_by_file=False,
        safe_area=room.safe_area,
    )
    script, lost = segment_script([Subtitle(time.start, time.end, text)], look, room, typeface)
    opacity = layer.opacity / 100
    if opacity < 1:
        # In the styles: within a text, codes go back to what its style has.
        for style in script.styles.values():
            style.primarycolor = _clearer(style.primarycolor, opacity)
            style.outlinecolor = _clearer(style.outlinecolor, opacity)
            style.backcolor = _clearer(style.backcolor, opacity)
    most = time.length / 2
    fades = [round(1000 * min(fade, most)) for fade in (layer.fade_in, layer.fade_out)]
    fading = codes({"fad": f"({fades[0]},{fades[1]})"}) if any(fades) else ""
    for event in script:
        event.text = fading + _ALPHA.sub(
            lambda found: alpha_code((1 - int(found[1], 16) / 255) * opacity), event.text
        )
    return script, lost


def _clearer(color: pysubs2.Color, opacity: float) -> pysubs2.Color:
    """The colour, of whose opacity only that share stays."""
    return pysubs2.Color(color.r, color.g, color.b, round(255 - (255 - color.a) * opacity))
