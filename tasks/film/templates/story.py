"""story: a serif over full pictures that darken where the words stand; quiet, for things that are made with care."""

from dataclasses import replace

from tasks.film.drawing.column import Placed, Row, column
from tasks.film.drawing.palette import WHITE, Rgb, Scheme, cover, mixed
from tasks.film.drawing.shapes import border, gradient, panel, scrim
from tasks.film.drawing.stage import Box, Painter, Stage, frame_box
from tasks.film.storyboard import Canvas
from tasks.film.templates.base import Look, inner, is_square, is_wide, under_apps

_MARGIN = 0.07
"""Added to the least opacity of a veil under letters."""
_LEAST_VEIL = 0.3
"""Opacity of a veil on dark pictures: letters stand out from what is drawn in them, too."""
_SOFT = 480
"""Height in which a veil goes over into the picture; less where there is less above the words."""
_FADING = 0.65
"""Share of what is above the words in which a veil at the bottom begins."""
_SQUARE = 0.66
"""How large letters are in square frames, where large ones would leave little of the picture."""
_BESIDE = ("price", "poster")
"""Layouts of many lines."""
_PART = 0.56
"""Share of a square frame left of the picture, where they stand."""
_LEAST_CLEAR = 0.15
"""Share of the frame above the words that is worth being seen."""


class Story(Look):
    """See the module."""

    name = "story"
    display = ("DM Serif Display", False)
    colours = ("#3D2B1F", "#C8A26B")
    end_edge = 72

    def picture(self, layout: str, canvas: Canvas) -> Box:
        """The whole frame; beside a price in square frames, where its lines would hide the picture."""
        if layout in _BESIDE and is_square(canvas):
            return Box(canvas.width * _PART, 0, canvas.width, canvas.height).even
        return self.end_picture(canvas) if layout == "end" else frame_box(canvas)

    def back(self, layout: str, canvas: Canvas, scheme: Scheme) -> Painter:
        """Paper of the end card; the dark beside a picture."""
        if layout in _BESIDE:
            return gradient(frame_box(canvas), scheme.deep, scheme.deep)
        return gradient(frame_box(canvas), mixed(scheme.paper, WHITE, 0.3), scheme.paper_shade)

    def draw(self, stage: Stage) -> None:
        """Draws the layers of the stage's scene."""
        unit, scheme, canvas = stage.unit, stage.scheme, stage.brief.canvas
        room = inner(canvas, 72 * unit, down=20 * unit)
        if is_wide(canvas):
            room = Box(room.left, room.top, min(room.right, canvas.width * 0.5), room.bottom)
        beside = is_square(canvas) and stage.scene.layout in _BESIDE
        if beside:
            room = Box(room.left, room.top, canvas.width * _PART - 48 * unit, room.bottom)
        placed = column(self._rows(stage), room, unit, 0 if under_apps(canvas) else 1)
        if beside:
            pass
        elif is_wide(canvas):
            self._veil_beside(stage, max(item.box.right for item in placed))
        else:
            self._veil(stage, placed[0].box.top, placed[-1].box.bottom)
        head = placed[0].box
        if len(placed) > 1 and self._is_brand(placed[0]):
            line = Box(room.left, head.bottom + 22 * unit, room.left + 96 * unit, head.bottom + 26 * unit)
            stage.shape(line, panel(line, self._gold(scheme)), wipe=True)
        self.put(stage, placed, scheme.deep, delay=0.15)

    def draw_end(self, stage: Stage) -> None:
        """Draws the end card."""
        unit, scheme = stage.unit, stage.scheme
        frame = frame_box(stage.brief.canvas).grown(-32 * unit)
        for side in _sides(frame, 3 * unit):
            stage.shape(side, border(frame, 2.5 * unit, scheme.accent, opacity=0.5), fade=0.5)
        self.end_card(stage, scheme.deep, scheme.paper, scheme.deep, WHITE, 96)

    @staticmethod
    def _is_brand(placed: Placed) -> bool:
        return placed.row.kind == "logo" or (
            placed.row.title is not None and placed.row.title.role == "brand"
        )

    def _least(self, stage: Stage) -> float:
        """Opacity of a veil under words: what the lightest parts of the picture need."""
        deep, picture = stage.scheme.deep, stage.scene.picture
        lights = stage.brief.lights
        level = lights[picture] if picture is not None and picture < len(lights) else 255
        inks = [WHITE, *([self._gold(stage.scheme)] if stage.title("price") else [])]
        least = max(cover(ink, deep, lightest=(level, level, level)) for ink in inks)
        return min(1.0, max(least + _MARGIN, _LEAST_VEIL))

    def _veil_beside(self, stage: Stage, right: float) -> None:
        """Darkens the left of the picture, and lets its right be."""
        canvas, scheme, unit = stage.brief.canvas, stage.scheme, stage.unit
        knee = right + 24 * unit
        box = Box(0, 0, min(canvas.width, knee + _SOFT * unit), canvas.height)
        least = self._least(stage)
        stops = [(0.0, min(1.0, least + 0.12)), (knee / box.width, least), (1.0, 0.0)]
        stage.steady(box, scrim(box, scheme.deep, stops, across=True))

    def _veil(self, stage: Stage, top: float, bottom: float) -> None:
        """Darkens the picture behind the words: enough for the whitest one."""
        canvas, scheme, unit = stage.brief.canvas, stage.scheme, stage.unit
        least = self._least(stage)
        soft = _SOFT * unit
        if under_apps(canvas):
            knee = bottom + 24 * unit
            box = Box(0, 0, canvas.width, min(canvas.height, knee + soft))
            share = knee / box.height
            stage.steady(box, scrim(box, scheme.deep, [(0.0, least), (min(share, 1.0), least), (1.0, 0.0)]))
            return
        # The upper part of what is above the words is seen as it is.
        soft = min(soft, max(top - 40 * unit, 0.0) * _FADING)
        start = max(0.0, top - 40 * unit - soft)
        box = Box(0, start, canvas.width, canvas.height)
        knee = (top - 40 * unit - start) / box.height
        deep = min(1.0, least + 0.08)
        stops = [(0.0, 0.0), (max(knee, 0.01), least), (min(1.0, knee + 0.5), deep), (1.0, deep)]
        if top < _LEAST_CLEAR * canvas.height:
            stops[0] = (0.0, least)
        stage.steady(box, scrim(box, scheme.deep, stops))

    def _rows(self, stage: Stage) -> list[Row]:
        scheme, gold = stage.scheme, self._gold(stage.scheme)
        heading = self.heading(stage, WHITE, leading=1.06)
        priced = stage.title("price") is not None
        large = 92 if stage.scene.layout == "poster" else 76
        size = _SQUARE if is_square(stage.brief.canvas) else 1.0
        rows = [
            *self.row(stage, "headline", heading, large if priced else 136 * size, lines=4),
            *self.row(stage, "feature", heading, 108 * size, lines=4),
            *self.row(stage, "name", heading, large if priced else 116 * size, lines=4),
            *self.row(stage, "old_price", self.reading(stage, WHITE, struck=True), 44, gap=40),
            *self.row(stage, "price", self.heading(stage, gold), 132, gap=26),
            *self.row(stage, "discount", self.reading(stage, gold, bold=True), 42, gap=24),
            *self.row(stage, "instalments", self.reading(stage, WHITE), 42, gap=20),
            *self.row(stage, "offer_ends", self.reading(stage, WHITE, bold=True), 38, gap=20),
            *self.row(
                stage,
                "call_to_action",
                self.reading(stage, scheme.deep, bold=True),
                42,
                kind="button",
                fill=WHITE,
                gap=44,
            ),
        ]
        brand = self.brand(stage, WHITE)
        return [
            *brand,
            *(replace(row, gap=56) if brand and not number else row for number, row in enumerate(rows)),
        ]

    @staticmethod
    def _gold(scheme: Scheme) -> Rgb:
        """For prices on the dark: gold with a breath of the second colour."""
        return mixed((236, 206, 148), scheme.second, 0.2)


def _sides(box: Box, width: float) -> tuple[Box, ...]:
    """The four sides of a frame, so that its middle is no layer."""
    return (
        Box(box.left, box.top, box.right, box.top + width),
        Box(box.left, box.bottom - width, box.right, box.bottom),
        Box(box.left, box.top + width + 1, box.left + width, box.bottom - width - 1),
        Box(box.right - width, box.top + width + 1, box.right, box.bottom - width - 1),
    )
