"""testimonial: what customers say, on a white card beside the picture, with their stars and names."""

from dataclasses import replace

import skia

from tasks.film.drawing.column import Row, column
from tasks.film.drawing.lettering import Style, fit
from tasks.film.drawing.palette import WHITE, Scheme, ink_on, mixed
from tasks.film.drawing.shapes import gradient, panel
from tasks.film.drawing.stage import Box, Painter, Stage, colour, frame_box
from tasks.film.storyboard import Canvas
from tasks.film.templates.base import Look, card_places, inner, is_square

_SHORT = 90
"""Letters of a quote that is set large."""
_SQUARE_PRICE = 0.46
"""Share of the picture above a price in square frames, which has many lines."""
_AVATAR = 40
"""Radius of the disc with a customer's initial."""


class TestimonialCard(Look):
    """See the module."""

    name = "testimonial"
    display = ("Outfit", True)
    colours = ("#14532D", "#F2B134")
    quotes = True

    def picture(self, layout: str, canvas: Canvas) -> Box:
        """Beside the card."""
        return self.end_picture(canvas) if layout == "end" else _places(canvas, layout)[0]

    def back(self, layout: str, canvas: Canvas, scheme: Scheme) -> Painter:
        """The brand's colour."""
        del layout
        return gradient(frame_box(canvas), scheme.main, scheme.shade)

    def draw(self, stage: Stage) -> None:
        """Draws the layers of the stage's scene."""
        unit, canvas = stage.unit, stage.brief.canvas
        room = inner(canvas, 56 * unit, down=16 * unit)
        pad = 56 * unit
        room = room.within(_places(canvas, stage.scene.layout)[1])
        placed = column(self._rows(stage), room.grown(-pad), unit, 0.5)
        top = placed[0].box.top - pad
        card = Box(room.left, top, room.right, placed[-1].box.bottom + pad)
        stage.steady(card.grown(44 * unit), panel(card, WHITE, 44 * unit, shadow=44 * unit))
        quote = next((item for item in placed if item.row.title and item.row.title.role == "quote"), None)
        if quote:
            self._mark(stage, card, pad)
        self.put(stage, placed, WHITE)
        author = next((item for item in placed if item.row.indent), None)
        if author and author.row.title:
            self._avatar(stage, author.row.title.text, author.box)

    def draw_end(self, stage: Stage) -> None:
        """Draws the end card."""
        scheme = stage.scheme
        self.rounded(stage, 44 * stage.unit)
        self.end_card(stage, ink_on(scheme.main), scheme.main, scheme.second, scheme.on_second)

    def _rows(self, stage: Stage) -> list[Row]:
        scheme = stage.scheme
        heading = self.heading(stage, scheme.deep, leading=1.1, tracking=-0.01)
        quote, priced = stage.title("quote"), stage.title("price") is not None
        rows: list[Row] = []
        if quote:
            said = next(
                (found for found in stage.brief.product.testimonials if found.quote == quote.text), None
            )
            if said and said.stars:
                rows.append(Row(None, heading, 48, kind="stars", count=said.stars))
            short = len(quote.text) <= _SHORT
            style = self.heading(stage, scheme.deep, leading=1.22, bold=True)
            shown = f"“{quote.text.strip()}”"
            rows.append(Row(quote, style, 76 if short else 58, lines=10, gap=40, shown=shown))
        large = 68 if priced else 104
        return [
            *rows,
            *self.row(stage, "headline", heading, large, lines=4),
            *self.row(stage, "feature", heading, 88, lines=4),
            *self.row(stage, "name", heading, large if priced else 88, lines=3),
            *self.row(
                stage, "author", self.reading(stage, scheme.deep, bold=True), 42, lines=2, gap=52,
                indent=2 * _AVATAR + 24,
            ),
            *self.row(stage, "old_price", self.reading(stage, scheme.muted, struck=True), 44, gap=34),
            *self.row(stage, "price", self.heading(stage, scheme.accent), 156, kind="price", gap=22),
            *self.row(stage, "discount", self.reading(stage, scheme.accent, bold=True), 42, gap=34),
            *self.row(stage, "instalments", self.reading(stage, scheme.deep), 42, gap=20),
            *self.row(stage, "offer_ends", self.reading(stage, scheme.deep, bold=True), 38, gap=20),
            *self.row(
                stage, "call_to_action", self.reading(stage, scheme.on_main, bold=True), 42, kind="button",
                fill=scheme.main, gap=40,
            ),
            *(replace(row, gap=52) for row in self.brand(stage, scheme.muted, large=26)),
        ]  # fmt: skip

    def _mark(self, stage: Stage, card: Box, pad: float) -> None:
        """A large quotation mark in the card's upper right corner."""
        unit, scheme = stage.unit, stage.scheme
        style = Style("DM Serif Display", colour=mixed(scheme.main, WHITE, 0.8))
        block = fit("”", style, (300 * unit, 300 * unit), (260 * unit, 100 * unit), lines=1)
        left, top = card.right - pad - block.width, card.top + 36 * unit
        around = Box(left, top, left + block.width, top + 110 * unit).grown(4)
        stage.shape(around, lambda canvas: block.draw(canvas, left, top), fade=0.5)

    def _avatar(self, stage: Stage, author: str, beside: Box) -> None:
        """The customer's initial on a disc."""
        scheme = stage.scheme
        initial = next((letter for letter in author if letter.isalpha()), "")
        style = self.reading(stage, scheme.on_main, bold=True)
        radius = min(_AVATAR * stage.unit, beside.height * 1.4)
        x = beside.left - 24 * stage.unit * radius / (_AVATAR * stage.unit) - radius
        y = (beside.top + beside.bottom) / 2 - beside.height * 0.1
        block = fit(initial or " ", style, (2 * radius, 2 * radius), (radius, radius * 0.5), lines=1)

        def paint(canvas: skia.Canvas) -> None:
            canvas.drawCircle(x, y, radius, skia.Paint(AntiAlias=True, Color=colour(scheme.main)))
            block.draw(canvas, x - block.width / 2, y - block.above / 2)

        stage.shape(Box(x, y, x, y).grown(radius + 3), paint, grow=0.5, delay=0.3, is_sign=True)


def _places(canvas: Canvas, layout: str) -> tuple[Box, Box]:
    """Of picture and card."""
    if layout == "price" and is_square(canvas):
        return card_places(canvas, layout, _SQUARE_PRICE)
    return card_places(canvas, layout)
