"""product-hero: the product on a card, on light paper with a breath of the brand's colour."""

from tasks.film.drawing.column import Placed, Row, column
from tasks.film.drawing.lettering import fit
from tasks.film.drawing.palette import WHITE, Scheme, ink_on, mixed
from tasks.film.drawing.shapes import check, gradient
from tasks.film.drawing.stage import Box, Painter, Stage, frame_box, safe_box, unit_of
from tasks.film.storyboard import Canvas
from tasks.film.templates.base import Look, inner, is_square, is_wide, under_apps

_TICK = 36
"""Radius of the tick before a feature."""
_BESIDE = 230
"""Kept free beside the price for the discount."""


class ProductHero(Look):
    """See the module."""

    name = "product-hero"
    display = ("Outfit", True)
    colours = ("#1F3A5F", "#E4572E")

    def picture(self, layout: str, canvas: Canvas) -> Box:
        """Below the texts, or beside them."""
        unit, safe = unit_of(canvas), safe_box(canvas)
        if layout == "end":
            return self.end_picture(canvas)
        edge = 40 * unit
        if is_wide(canvas):
            return Box(canvas.width * 0.48, edge, canvas.width - edge, canvas.height - edge).even
        texts = {"poster": 620, "price": 500}.get(layout, 400)
        if is_square(canvas):
            texts = {"poster": 500, "price": 430}.get(layout, 320)
        elif not under_apps(canvas):
            texts -= 40
        top = min(safe.top + texts * unit, safe.bottom + 24 * unit)
        return Box(edge, top, canvas.width - edge, canvas.height - edge).even

    def back(self, layout: str, canvas: Canvas, scheme: Scheme) -> Painter:
        """Paper; the end card has the brand's colour."""
        box = frame_box(canvas)
        if layout == "end":
            return gradient(box, scheme.main, scheme.shade)
        return gradient(box, mixed(scheme.paper, WHITE, 0.5), scheme.paper_shade)

    def draw(self, stage: Stage) -> None:
        """Draws the layers of the stage's scene."""
        unit, scheme, layout, canvas = stage.unit, stage.scheme, stage.scene.layout, stage.brief.canvas
        self.rounded(stage, 44 * unit)
        picture = self.picture(layout, canvas)
        room = inner(canvas, 64 * unit, down=8 * unit)
        if is_wide(canvas):
            room = Box(room.left, room.top, picture.left - 64 * unit, room.bottom)
        else:
            room = Box(room.left, room.top, room.right, picture.top - 40 * unit)
        brand = self.brand(stage, scheme.accent)
        head = column(brand, Box(room.left, room.top, room.right, room.top + 90 * unit), unit, 0)
        self.put(stage, head, scheme.paper)
        top = head[-1].box.bottom + 32 * unit if head else room.top
        placed = column(self._rows(stage), Box(room.left, top, room.right, room.bottom), unit, 0.42)
        steady = ("headline",) if stage.scene.start == 0 else ()
        self.put(stage, placed, scheme.paper, steady=steady)
        self._tick(stage, placed)
        self._discount(stage, placed)

    def draw_end(self, stage: Stage) -> None:
        """Draws the end card."""
        scheme = stage.scheme
        ink = ink_on(scheme.main)
        fill, on_fill = (WHITE, scheme.deep) if ink == WHITE else (scheme.deep, WHITE)
        self.rounded(stage, 44 * stage.unit)
        self.end_card(stage, ink, scheme.main, fill, on_fill)

    def _rows(self, stage: Stage) -> list[Row]:
        scheme = stage.scheme
        heading = self.heading(stage, scheme.deep, leading=1.06, tracking=-0.015)
        small = self.reading(stage, scheme.deep)
        wide = is_wide(stage.brief.canvas)
        large = {"opening": 136, "poster": 112, "picture": 112}.get(stage.scene.layout, 76 if wide else 60)
        return [
            *self.row(stage, "headline", heading, large, lines=3),
            *self.row(stage, "feature", heading, 96, lines=3, indent=2 * _TICK + 28),
            *self.row(stage, "name", heading, large, lines=3 if large > 76 else 2),
            *self.row(stage, "old_price", self.reading(stage, scheme.muted, struck=True), 60 if wide else 46, gap=40),
            *self.row(
                stage, "price", self.heading(stage, scheme.accent), 244 if wide else 172, kind="price", gap=20,
                beside=_BESIDE if stage.title("discount") and not wide else 0,
            ),
            *self.row(stage, "instalments", small, 52 if wide else 42, gap=34),
            *self.row(
                stage, "offer_ends", self.reading(stage, scheme.accent, bold=True), 46 if wide else 38, gap=18
            ),
            *self.row(
                stage, "call_to_action", self.reading(stage, scheme.on_main, bold=True), 42, kind="button",
                fill=scheme.main, gap=36,
            ),
        ]  # fmt: skip

    def _tick(self, stage: Stage, placed: list[Placed]) -> None:
        scheme = stage.scheme
        for item in placed:
            if item.row.indent and item.block is not None:
                unit = stage.unit * item.scale
                radius = _TICK * unit * min(1.0, item.block.size / (72 * unit))
                x = item.box.left - (item.row.indent - _TICK) * unit
                y = item.box.top + item.block.size * 0.36
                tick = check((x, y), radius, scheme.main, scheme.on_main)
                stage.shape(Box(x, y, x, y).grown(radius + 4), tick, grow=0.4, is_sign=True)

    def _discount(self, stage: Stage, placed: list[Placed]) -> None:
        """By how much the price was lowered: on a pill beside it, in wide frames beside the price before."""
        off, unit, scheme = stage.title("discount"), stage.unit, stage.scheme
        role = "old_price" if is_wide(stage.brief.canvas) else "price"
        price = next((item for item in placed if item.row.title and item.row.title.role == role), None)
        if off is None or price is None:
            return
        high = min(72 * unit, price.box.height * (1.2 if role == "old_price" else 0.62))
        style = self.reading(stage, scheme.on_second, bold=True)
        block = fit(off.text, style, (170 * unit, high), (high * 0.52, high * 0.3), lines=1)
        left, top = price.box.right + 30 * unit, price.box.top + (price.box.height - high) / 2
        box = Box(left, top, left + block.width + high * 0.7, top + high)
        self.pill(stage, off, block, box, scheme.second, delay=0.5)
