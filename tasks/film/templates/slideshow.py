"""slideshow: pictures fill the frame, and each line of a text stands on a label of its own."""

from tasks.film.drawing.column import Placed, Row, column
from tasks.film.drawing.lettering import fit, width
from tasks.film.drawing.palette import WHITE, Scheme, ink_on
from tasks.film.drawing.shapes import gradient, panel
from tasks.film.drawing.stage import Box, Painter, Stage, frame_box
from tasks.film.storyboard import Canvas, Title
from tasks.film.templates.base import Look, card_places, inner, is_square, is_wide, under_apps

_LABEL = 1.46
"""Height of a label, in ems of its letters."""
_LABELS = 0.18
"""Of the frame, that the labels of a text at its bottom may take: above them faces are seen."""
_CARDS = ("price", "poster")
"""Layouts whose texts stand on a card."""
_BESIDE = 210
"""Kept free beside the price for the discount."""


class Slideshow(Look):
    """See the module."""

    name = "slideshow"
    display = ("Poppins SemiBold", True)
    colours = ("#5B2EE5", "#FFD447")
    end_edge = 0

    def picture(self, layout: str, canvas: Canvas) -> Box:
        """The whole frame; where a card tells the price, beside it."""
        if layout == "end":
            return self.end_picture(canvas)
        return card_places(canvas, layout)[0] if layout in _CARDS else frame_box(canvas)

    def back(self, layout: str, canvas: Canvas, scheme: Scheme) -> Painter:
        """The brand's colour: seen beside cards, and on the end card."""
        del layout
        return gradient(frame_box(canvas), scheme.main, scheme.shade, slope=1.0)

    def draw(self, stage: Stage) -> None:
        """Draws the layers of the stage's scene."""
        unit, canvas = stage.unit, stage.brief.canvas
        room = inner(canvas, 64 * unit, down=16 * unit)
        if is_wide(canvas):
            room = Box(room.left, room.top, min(room.right, canvas.width * 0.6), room.bottom)
        top = self._tag(stage, room) + 32 * unit
        room = Box(room.left, top, room.right, room.bottom)
        if stage.title("price"):
            self._card(stage, room.within(card_places(canvas, stage.scene.layout)[1]))
        elif title := next(filter(None, map(stage.title, ("headline", "feature", "name"))), None):
            self._labels(stage, title, room)

    def draw_end(self, stage: Stage) -> None:
        """Draws the end card."""
        scheme = stage.scheme
        self.end_card(stage, ink_on(scheme.main), scheme.main, scheme.second, scheme.on_second)

    def _tag(self, stage: Stage, room: Box) -> float:
        """The brand on a white plate at the top; its bottom comes back."""
        unit, scheme = stage.unit, stage.scheme
        title = stage.title("brand")
        high = 64 * unit
        if stage.brief.logo is not None:
            rows = column(self.brand(stage, scheme.deep), room.grown(-20 * unit), unit, 0)
            plate = rows[0].box.grown(20 * unit)
            stage.steady(plate, panel(plate, WHITE, 24 * unit))
            self.put(stage, rows, WHITE)
            return plate.bottom
        if title is None:
            return room.top - 32 * unit
        style = self.reading(stage, scheme.deep, bold=True, tracking=0.02)
        block = fit(title.text, style, (room.width - 2 * high, high), (34 * unit, 14 * unit), lines=1)
        box = Box(room.left, room.top, room.left + block.width + 52 * unit, room.top + high)
        self.pill(stage, title, block, box, WHITE)
        return box.bottom

    def _labels(self, stage: Stage, title: Title, room: Box) -> None:
        """A text whose lines stand on labels of the brand's colour."""
        unit, scheme = stage.unit, stage.scheme
        pad = 28 * unit
        large = 108 if title.role == "headline" else 88
        style = self.heading(stage, scheme.on_main, leading=_LABEL)
        call = column(
            self.row(
                stage, "call_to_action", self.reading(stage, scheme.on_second, bold=True), 42, kind="button",
                fill=scheme.second,
            ),
            room, unit, 1,
        )  # fmt: skip
        below = call[0].box.height + 32 * unit if call else 0.0
        high = (room.height - below) * 0.8
        if not under_apps(stage.brief.canvas):
            high = min((room.height - below) * 0.55, stage.brief.canvas.height * _LABELS)
        size = (room.width - 2 * pad, high)
        block = fit(title.text, style, size, (large * unit, 44 * unit), lines=4)
        high = max(block.step, block.size * _LABEL)
        tall = high * len(block.lines)
        top = room.top if under_apps(stage.brief.canvas) else room.bottom - below - tall
        for number, line in enumerate(block.lines):
            right = room.left + width(line, block.style) * block.size + 2 * pad
            box = Box(room.left, top + number * high, right, top + (number + 1) * high + 1)
            stage.shape(
                box.grown(2), panel(box, scheme.main, 10 * unit), wipe=True, delay=0.05 + 0.09 * number
            )
        offset = (high - block.size * 0.7) / 2 + block.size * 0.7 - block.above
        stage.text(title, block, room.left + pad, top + offset, delay=0.2, rise=0)
        if call:
            box = call[0].box
            down = top + tall + 32 * unit - box.top
            moved = Placed(
                call[0].row, Box(box.left, box.top + down, box.right, box.bottom + down), call[0].block, 0
            )
            self.put(stage, [moved], scheme.main, delay=0.5)

    def _card(self, stage: Stage, room: Box) -> None:
        """A white card with all that belongs to the price."""
        unit, scheme = stage.unit, stage.scheme
        pad = 48 * unit
        wide = room.width if is_square(stage.brief.canvas) else min(room.width, 860 * unit)
        rows = self._rows(stage)
        space = Box(room.left + pad, room.top + pad, room.left + wide - pad, room.bottom - pad)
        placed = column(rows, space, unit, 0.5)
        price = next(item for item in placed if item.row.kind == "price")
        off = stage.title("discount")
        across = max(item.box.width for item in placed)
        across = max(across, price.box.width + (_BESIDE * unit * price.scale if off else 0), 420 * unit)
        # A narrow card in the middle of a ground of one colour looks as if something were missing beside it.
        right = room.right if is_square(stage.brief.canvas) else room.left + min(wide, across + 2 * pad)
        card = Box(room.left, placed[0].box.top - pad, right, placed[-1].box.bottom + pad)
        stage.shape(card.grown(30 * unit), panel(card, WHITE, 40 * unit, shadow=36 * unit), rise=0)
        self.put(stage, placed, WHITE, delay=0.15)
        if off:
            high = min(68 * unit, price.box.height * 0.7)
            style = self.reading(stage, scheme.on_second, bold=True)
            block = fit(off.text, style, (160 * unit, high), (high * 0.52, high * 0.3), lines=1)
            right = card.right - pad
            top = price.box.top + (price.box.height - high) / 2
            box = Box(right - block.width - high * 0.66, top, right, top + high)
            self.pill(stage, off, block, box, scheme.second, delay=0.5)

    def _rows(self, stage: Stage) -> list[Row]:
        scheme = stage.scheme
        heading = self.heading(stage, scheme.deep, leading=1.16)
        poster = stage.scene.layout == "poster"
        return [
            *self.row(stage, "headline", heading, 76, lines=3),
            *self.row(stage, "name", heading, 76 if poster else 52, lines=3),
            *self.row(stage, "old_price", self.reading(stage, scheme.muted, struck=True), 44, gap=34),
            *self.row(
                stage, "price", self.heading(stage, scheme.accent), 150, kind="price", gap=22,
                beside=_BESIDE if stage.title("discount") else 0,
            ),
            *self.row(stage, "instalments", self.reading(stage, scheme.deep), 40, gap=34),
            *self.row(
                stage, "offer_ends", self.reading(stage, scheme.accent, bold=True), 36, gap=18
            ),
            *self.row(
                stage, "call_to_action", self.reading(stage, scheme.on_main, bold=True), 42, kind="button",
                fill=scheme.main, gap=36,
            ),
        ]  # fmt: skip
