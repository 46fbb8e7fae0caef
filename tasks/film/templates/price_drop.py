"""price-drop: loud as a shop window: rays, heavy capitals, a burst with the discount, and a huge price."""

from dataclasses import dataclass

import skia

from tasks.film.drawing.column import Placed, Row, column
from tasks.film.drawing.lettering import fit
from tasks.film.drawing.palette import WHITE, Rgb, Scheme, ink_on, mixed, readable
from tasks.film.drawing.shapes import border, burst, gradient, panel, rays
from tasks.film.drawing.stage import Box, Painter, Stage, frame_box, safe_box, unit_of
from tasks.film.storyboard import Canvas, Title
from tasks.film.templates.base import Look, inner, is_square, is_wide, under_apps

_BURST, _LEAST_BURST = 136, 76
"""Radius of the burst with the discount."""
_PRICED = ("price", "poster")
"""Layouts with the price; in square frames it stands beside the picture."""
_RAYS = 0.055
"""Opacity of the rays on the ground."""


@dataclass(frozen=True)
class _Slab:
    """What stands below the headline."""

    card: Box
    price: Box | None = None


class PriceDrop(Look):
    """See the module."""

    name = "price-drop"
    display = ("Anton", False)
    colours = ("#C8102E", "#FFD100")
    from_pictures = False
    capitals = True
    end_edge = 60
    end_price = 176

    def picture(self, layout: str, canvas: Canvas) -> Box:
        """On a card below the headline, or beside it."""
        unit, safe = unit_of(canvas), safe_box(canvas)
        if layout == "end":
            return self.end_picture(canvas)
        edge = 60 * unit
        if is_wide(canvas):
            return Box(canvas.width * 0.5, edge, canvas.width - edge, canvas.height - edge).even
        texts = 330 if not is_square(canvas) else 260
        top = min(safe.top + texts * unit, safe.top + safe.height * 0.5)
        bottom = canvas.height - edge
        if layout in _PRICED:
            if is_square(canvas):
                return Box(edge, top, canvas.width * 0.47, bottom).even
            if under_apps(canvas):
                top = min(safe.top + 590 * unit, safe.bottom - 40 * unit)
            else:
                bottom -= 270 * unit
        return Box(edge, top, canvas.width - edge, bottom).even

    def back(self, layout: str, canvas: Canvas, scheme: Scheme) -> Painter:
        """The brand's colour with rays behind the product."""
        box = frame_box(canvas)
        flat = gradient(box, scheme.main, mixed(scheme.main, scheme.shade, 0.7))
        middle = self.picture("end" if layout == "end" else "opening", canvas).middle
        light = rays(box, middle, ink_on(scheme.main), _RAYS)

        def paint(drawing: skia.Canvas) -> None:
            flat(drawing)
            light(drawing)

        return paint

    def draw(self, stage: Stage) -> None:
        """Draws the layers of the stage's scene."""
        unit, canvas = stage.unit, stage.brief.canvas
        picture = self.picture(stage.scene.layout, canvas)
        self._frame(stage)
        wide = is_wide(canvas)
        room = inner(canvas, 64 * unit, down=12 * unit, centred=not wide)
        slab: _Slab | None = None
        if wide:
            room = Box(room.left, room.top, picture.left - 64 * unit, room.bottom)
        if stage.title("price"):
            slab = self._slab(stage, room)
        elif call := stage.title("call_to_action"):
            slab = _Slab(self._call(stage, call, room))
        foot = room.bottom if wide else picture.top - 34 * unit
        if slab:
            foot = foot if is_square(canvas) else min(foot, slab.card.top - (40 if wide else 28) * unit)
        self._head(stage, Box(room.left, room.top, room.right, foot))
        if (off := stage.title("discount")) and slab and self._burst_room(stage, picture, slab):
            self._burst(stage, off, picture, slab)

    def draw_end(self, stage: Stage) -> None:
        """Draws the end card."""
        scheme = stage.scheme
        self._frame(stage)
        self.end_card(stage, self._ink(scheme), scheme.main, scheme.second, scheme.on_second)

    def _frame(self, stage: Stage) -> None:
        """A thick white frame around the picture."""
        unit = stage.unit
        self.rounded(stage, 40 * unit)
        frame = self.picture(stage.scene.layout, stage.brief.canvas).grown(6 * unit)
        for side in _sides(frame, 12 * unit, 44 * unit):
            stage.steady(side, border(frame, 12 * unit, WHITE, 44 * unit))

    @staticmethod
    def _ink(scheme: Scheme) -> Rgb:
        # Letters are read on the darker end of the ground and on its rays, too.
        return ink_on(mixed(scheme.main, ink_on(scheme.main), _RAYS))

    def _head(self, stage: Stage, room: Box) -> None:
        unit, scheme, wide = stage.unit, stage.scheme, is_wide(stage.brief.canvas)
        ink = self._ink(scheme)
        align = "left" if wide else "center"
        heading = self.heading(stage, ink, capitals=True, leading=1.22, align=align)
        head = column(self.brand(stage, ink, "left" if wide else "center"), room, unit, 0)
        self.put(stage, head, scheme.main)
        top = head[-1].box.bottom + 28 * unit if head else room.top
        role = next((role for role in ("headline", "feature", "name") if stage.title(role)), "name")
        rows = self.row(stage, role, heading, 168, lines=3)
        steady = (role,) if stage.scene.start == 0 else ()
        place = Box(room.left, top, room.right, room.bottom)
        self.put(stage, column(rows, place, unit, 0.35 if wide else 0.5), scheme.main, steady=steady)

    def _slab(self, stage: Stage, room: Box) -> "_Slab":
        """The price on a slab of the second colour."""
        unit, scheme, canvas = stage.unit, stage.scheme, stage.brief.canvas
        ink = scheme.on_second
        quiet = readable(mixed(ink, scheme.second, 0.25), scheme.second)
        pad = 40 * unit
        small = self.reading(stage, ink, align="center")
        bold = self.reading(stage, ink, bold=True, align="center")
        rows: list[Row] = [
            *self.row(
                stage, "old_price", self.reading(stage, quiet, bold=True, struck=True, align="center"), 52
            ),
            *self.row(stage, "price", self.heading(stage, ink, align="center"), 236, kind="price", gap=24),
            *self.row(stage, "instalments", small, 44, gap=34),
            *self.row(stage, "offer_ends", bold, 40, gap=20),
            *self.row(
                stage, "call_to_action", self.reading(stage, scheme.second, bold=True, align="center"), 42,
                kind="button", fill=ink, gap=32,
            ),
        ]  # fmt: skip
        picture = self.picture(stage.scene.layout, canvas)
        top, bottom, align = room.top + room.height * 0.36 + pad, room.bottom, 1.0
        if not is_wide(canvas) and under_apps(canvas):
            # Above the product, where nothing lies over it.
            top, bottom = room.top + 230 * unit + pad, picture.top + 64 * unit
        if is_square(canvas):
            room = Box(picture.right + 40 * unit, room.top, room.right, room.bottom)
            top, align, pad = picture.top + 40 * unit, 0.5, 32 * unit
        space = Box(room.left + pad, top, room.right - pad, bottom - pad)

        def laid() -> tuple[list[Placed], _Slab]:
            placed = column(rows, space, unit, align)
            card = Box(room.left, placed[0].box.top - pad, room.right, placed[-1].box.bottom + pad)
            return placed, _Slab(card, next(item.box for item in placed if item.row.kind == "price"))

        placed, slab = laid()
        if stage.title("discount") and not self._burst_room(stage, picture, slab):
            rows[1:1] = self.row(stage, "discount", bold, 48, gap=16)
            placed, slab = laid()
        card = slab.card
        shape = panel(card, scheme.second, 36 * unit, shadow=30 * unit)
        stage.shape(card.grown(28 * unit), shape, rise=0)
        self.put(stage, placed, scheme.second, delay=0.2)
        return slab

    @staticmethod
    def _burst_room(stage: Stage, picture: Box, slab: "_Slab") -> float:
        """Radius of the burst; 0 if there is no room for it beside the slab."""
        unit = stage.unit
        if is_wide(stage.brief.canvas) or is_square(stage.brief.canvas):
            return _BURST * unit * (0.82 if is_square(stage.brief.canvas) else 1)
        if under_apps(stage.brief.canvas):
            # Beside the price: what is over the picture would lie on faces, or under captions that keep off these.
            high = slab.card.right - 20 * unit - (slab.price or slab.card).right
            return min(_BURST * unit, high / 2) if high >= 2 * _LEAST_BURST * unit else 0.0
        high = slab.card.top + 24 * unit - max(picture.top - 24 * unit, stage.safe.top)
        return min(_BURST * unit, high / 2) if high >= 2 * _LEAST_BURST * unit else 0.0

    def _call(self, stage: Stage, call: Title, room: Box) -> Box:
        scheme, unit = stage.scheme, stage.unit
        align = "left" if is_wide(stage.brief.canvas) else "center"
        style = self.reading(stage, scheme.on_second, bold=True, align=align)
        placed = column([Row(call, style, 44, kind="button", fill=scheme.second)], room, unit, 1)
        self.put(stage, placed, scheme.main, delay=0.5)
        return placed[0].box

    def _burst(self, stage: Stage, off: Title, picture: Box, slab: "_Slab") -> None:
        """The discount on a burst over the picture's upper right corner, or beside the price."""
        unit, scheme, safe = stage.unit, stage.scheme, stage.safe
        radius = self._burst_room(stage, picture, slab)
        ink, fill = scheme.on_second, scheme.second
        x = min(picture.right - radius * 0.75, safe.right - radius)
        y = max(picture.top - 24 * unit + radius, safe.top + radius)
        if is_wide(stage.brief.canvas):
            y = max(picture.top + radius * 0.9, safe.top + radius)
        elif under_apps(stage.brief.canvas) and slab.price is not None:
            x, y = slab.card.right - 20 * unit - radius, slab.price.middle[1]
            fill, ink = ink, fill
        elif is_square(stage.brief.canvas):
            x, y = max(picture.left + radius * 0.85, safe.left + radius), picture.bottom - radius * 1.05
        figure, _, word = off.text.partition(" ")
        style = self.heading(stage, ink, align="center")
        large = fit(figure, style, (radius * 1.45, radius), (radius * 0.72, radius * 0.3), lines=1)
        below = fit(word or " ", style, (radius * 1.1, radius), (radius * 0.36, radius * 0.2), lines=1)
        jagged = burst((x, y), radius, fill)

        def paint(canvas: skia.Canvas) -> None:
            jagged(canvas)
            canvas.save()
            canvas.rotate(-8, x, y)
            gap = radius * 0.13
            high = large.above + (gap + below.above if word else 0)
            top = y - high / 2
            large.draw(canvas, x - large.width / 2, top)
            if word:
                below.draw(canvas, x - below.width / 2, top + large.above + gap)
            canvas.restore()

        around = Box(x, y, x, y).grown(radius * 1.2)
        stage.badge(off, around, paint, ink=ink, plate=fill, delay=0.35, grow=0.5)


def _sides(box: Box, width: float, radius: float) -> tuple[Box, ...]:
    """The four sides of a rounded frame, so that its middle is no layer."""
    return (
        Box(box.left, box.top, box.right, box.top + radius),
        Box(box.left, box.bottom - radius, box.right, box.bottom),
        Box(box.left, box.top + radius + 1, box.left + width, box.bottom - radius - 1),
        Box(box.right - width, box.top + radius + 1, box.right, box.bottom - radius - 1),
    )
