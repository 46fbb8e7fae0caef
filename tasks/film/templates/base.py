"""What templates share: the order of a film's scenes, letters, and columns of titles."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import skia

from tasks.film.drawing import lettering
from tasks.film.drawing.column import Placed, Row, column
from tasks.film.drawing.lettering import Align, Block, Style, require
from tasks.film.drawing.palette import Rgb, Scheme, scheme_of
from tasks.film.drawing.prices import PriceBlock
from tasks.film.drawing.shapes import corners, logo, panel, stars
from tasks.film.drawing.stage import Box, Painter, Stage, drawn, safe_box, unit_of
from tasks.film.storyboard import Brief, Canvas, Layer, Pixels, Scene, Title
from tasks.film.templates.plan import poster_titles, scenes_of

_WIDE = 1.2
"""Width to height from which texts stand beside the picture."""
_APPS = 0.25
"""Share of the frame below the safe area, from which apps lie over its lower part: titles then stand at the top."""
_ABOVE, _BESIDE, _CARD = 0.56, 0.54, {"price": 0.6}
"""Beside a card: the share of the picture above it and next to it, and that of a card above the picture by layout."""
_USUAL_CARD = 0.46
_OVERLAP = 0.05
"""Of the frame, by which a card may lie over the edge of the picture."""
_END, _END_LOW = 700, 620
"""Height of the texts of an end card above its picture."""
_STAGGER = 0.09
"""Seconds between titles that come in after each other."""


class Look(ABC):
    """A template. Measures are in pixels of a frame whose shorter side has 1080, on a grid of 4."""

    name: ClassVar[str]
    display: ClassVar[tuple[str, bool]]
    """Family of headlines and prices, and whether bold; the brand's font stands in for it."""
    body: ClassVar[str] = "Outfit"
    colours: ClassVar[tuple[str, ...]]
    """Main and second colour where neither brand nor pictures have any."""
    from_pictures: ClassVar[bool] = True
    """Whether the colours of the pictures are used where the brand has none."""
    quotes: ClassVar[bool] = False
    """Whether customers are quoted."""
    capitals: ClassVar[bool] = False
    """Whether headlines are in capitals."""
    end_price: ClassVar[float] = 128
    """Units of the figures of the price on the end card."""
    end_edge: ClassVar[float] = 40
    """Units between the picture of the end card and the frame's edges; 0: it goes to them."""

    def scenes(self, brief: Brief) -> tuple[Scene, ...]:
        """From 0 to the end without a gap.

        Raises InvalidInputError or MissingEngineError for an unknown font, and for letters that no font here has.
        """
        found = [self._placed(scene, brief) for scene in scenes_of(brief, quotes=self.quotes)]
        # The end card shows the first picture again, beside its texts.
        found = [replace(scene, picture=0) if scene.layout == "end" else scene for scene in found]
        self._check([title.text for scene in found for title in scene.titles], brief)
        return tuple(found)

    def poster(self, brief: Brief) -> Scene:
        """The one scene of a poster. Raises as `scenes` does."""
        scene = self._placed(Scene("poster", 0.0, 1.0, 0, poster_titles(brief)), brief)
        self._check([title.text for title in scene.titles], brief)
        return scene

    def ground(self, scene: Scene, brief: Brief) -> Pixels:
        """What lies under the picture."""
        canvas = _as_drawn(brief).canvas
        pixels = drawn(canvas.width, canvas.height, self.back(scene.layout, canvas, self.scheme(brief)))
        return np.ascontiguousarray(pixels[:, ::-1]) if reads_from_right(brief) else pixels

    def layers(self, scene: Scene, brief: Brief) -> tuple[Layer, ...]:
        """The titles of a scene, drawn."""
        stage = Stage(_as_drawn(brief), scene, self.scheme(brief), reads_from_right(brief))
        if scene.layout == "end":
            self.draw_end(stage)
        else:
            self.draw(stage)
        return tuple(stage.layers)

    def scheme(self, brief: Brief) -> Scheme:
        """The film's colours."""
        return scheme_of(brief.product.brand, brief.tones if self.from_pictures else (), self.colours)

    @abstractmethod
    def picture(self, layout: str, canvas: Canvas) -> Box:
        """Where the picture lies."""

    @abstractmethod
    def back(self, layout: str, canvas: Canvas, scheme: Scheme) -> Painter:
        """The ground."""

    @abstractmethod
    def draw(self, stage: Stage) -> None:
        """Draws the layers of the stage's scene."""

    @abstractmethod
    def draw_end(self, stage: Stage) -> None:
        """Draws the end card."""

    # What they are made of.

    def heading(self, stage: Stage, ink: Rgb, **changes: object) -> Style:
        """Letters of headlines and prices."""
        family, bold = self.display
        own = stage.brief.product.brand.font
        style = Style(own or family, bold=bold or own is not None, colour=ink, fonts=stage.brief.fonts)
        style = replace(style, from_right=stage.from_right)
        return replace(style, **changes)  # type: ignore[arg-type]

    def reading(self, stage: Stage, ink: Rgb, *, bold: bool = False, **changes: object) -> Style:
        """Letters of all else."""
        style = Style(self.body, bold=bold, colour=ink, leading=1.22, fonts=stage.brief.fonts)
        style = replace(style, from_right=stage.from_right)
        return replace(style, **changes)  # type: ignore[arg-type]

    def brand(self, stage: Stage, ink: Rgb, align: Align = "left", large: float = 30) -> list[Row]:
        """The brand's logo, else its name in spaced capitals; nothing without."""
        title, pixels = stage.title("brand"), stage.brief.logo
        style = self.reading(stage, ink, bold=True, capitals=True, tracking=0.14, align=align)
        if pixels is not None:
            shape = pixels.shape[1] / pixels.shape[0]
            # Logos of the same area look as large: long ones are lower.
            return [Row(title, style, large * 4.2 / max(1.0, shape**0.5), kind="logo", shape=shape)]
        return [Row(title, style, large)] if title else []

    def row(self, stage: Stage, role: str, style: Style, large: float, **more: object) -> list[Row]:
        """The title of a role as a row; nothing where the scene has none."""
        title = stage.title(role)
        return [Row(title, style, large, **more)] if title else []  # type: ignore[arg-type]

    def put(
        self,
        stage: Stage,
        placed: Sequence[Placed],
        ground: Rgb,
        *,
        delay: float = 0.1,
        steady: Sequence[str] = ("brand",),
    ) -> None:
        """Draws rows that have been placed, one after the other; `steady`: those that are there from the beginning."""
        for number, item in enumerate(placed):
            when = delay + number * _STAGGER
            title = item.row.title
            still = title is not None and title.role in steady
            if item.row.kind == "logo" and stage.brief.logo is not None:
                paint, place = logo(stage.brief.logo, item.box, ground)
                if title is None:
                    stage.steady(place.grown(2), paint)
                elif still:
                    stage.steady_title(title, place.grown(2), paint)
                else:
                    stage.badge(title, place.grown(2), paint, delay=when)
            elif item.row.kind == "stars":
                stage.shape(
                    item.box.grown(4), stars(item.box, item.row.count), wipe=True, delay=when, fade=0.5
                )
            elif title is not None and isinstance(item.block, PriceBlock):
                self._amount(stage, title, item.block, item.box, when)
            elif title is not None and isinstance(item.block, Block):
                if item.row.kind == "button":
                    self._button(stage, title, item.block, item.box, item.row.fill, when)
                else:
                    left = (
                        item.box.left
                        if item.row.style.align == "left"
                        else item.box.left
                        - ((item.room - item.box.width) / (2 if item.row.style.align == "center" else 1))
                    )
                    stage.text(
                        title, item.block, left, item.box.top, room=item.room, delay=when, steady=still
                    )

    def pill(
        self, stage: Stage, title: Title, block: Block, box: Box, fill: Rgb, *, delay: float | None = None
    ) -> None:
        """A short title on a pill; without `delay` it is there for the whole scene."""
        plate = panel(box, fill, box.height / 2)

        def paint(canvas: skia.Canvas) -> None:
            plate(canvas)
            top = box.top + (box.height - block.above) / 2
            block.draw(canvas, box.left + (box.width - block.width) / 2, top)

        if delay is None:
            stage.steady_title(title, box.grown(3), paint, ink=block.style.colour, plate=fill)
        else:
            stage.badge(title, box.grown(3), paint, ink=block.style.colour, plate=fill, delay=delay, grow=0.6)

    def rounded(self, stage: Stage, radius: float) -> None:
        """Rounds off the picture."""
        box = self.picture(stage.scene.layout, stage.brief.canvas)
        ground = self.back(stage.scene.layout, stage.brief.canvas, stage.scheme)
        for corner, paint in corners(box, radius, ground):
            stage.steady(corner, paint)

    def end_picture(self, canvas: Canvas) -> Box:
        """Where the picture of the end card lies: below its texts, or beside them."""
        unit = unit_of(canvas)
        edge = self.end_edge * unit
        right, bottom = canvas.width - edge, canvas.height - edge
        if is_wide(canvas) or is_square(canvas):
            return Box(canvas.width * (0.5 if is_wide(canvas) else 0.54), edge, right, bottom).even
        safe = safe_box(canvas)
        top = min(safe.top + (_END if under_apps(canvas) else _END_LOW) * unit, safe.bottom + 24 * unit)
        return Box(edge, top, right, bottom).even

    def end_card(
        self, stage: Stage, ink: Rgb, ground: Rgb, fill: Rgb, on_fill: Rgb, edge: float = 80
    ) -> None:
        """Draws brand, product, price, call to action and contacts of an end card."""
        unit, canvas = stage.unit, stage.brief.canvas
        picture = self.end_picture(canvas)
        beside = is_wide(canvas) or is_square(canvas)
        room = inner(canvas, edge * unit, down=16 * unit, centred=not beside)
        if beside:
            room = Box(room.left, room.top, picture.left - 56 * unit, room.bottom)
        else:
            room = Box(room.left, room.top, room.right, picture.top - 48 * unit)
        rows = self.end_rows(stage, ink, fill, on_fill, "left" if beside else "center")
        self.put(stage, column(rows, room, unit), ground, steady=())

    def end_rows(self, stage: Stage, ink: Rgb, fill: Rgb, on_fill: Rgb, align: Align) -> list[Row]:
        """What stands on an end card."""
        leading = 1.22 if self.capitals else 1.1
        heading = self.heading(stage, ink, align=align, leading=leading, capitals=self.capitals)
        small = self.reading(stage, ink, align=align)
        contacts = [title for title in stage.scene.titles if title.role == "contact"]
        return [
            *self.brand(stage, ink, align, 36),
            *self.row(stage, "name", heading, 104, lines=3, gap=48),
            *self.row(stage, "price", self.heading(stage, ink, align=align), self.end_price, kind="price", gap=44),
            *self.row(
                stage, "call_to_action", self.reading(stage, on_fill, bold=True, align=align), 46,
                kind="button", fill=fill, gap=60,
            ),
            *(
                Row(title, small, 38, gap=52 if number == 0 else 20) for number, title in enumerate(contacts)
            ),
        ]  # fmt: skip

    def _amount(self, stage: Stage, title: Title, block: PriceBlock, box: Box, delay: float) -> None:
        around = box.grown(12 * stage.unit, 40 * stage.unit)
        stage.badge(
            title, around, lambda canvas: block.draw(canvas, box.left, box.top), ink=block.style.colour,
            delay=delay, rise=28 * stage.unit,
        )  # fmt: skip

    def _button(self, stage: Stage, title: Title, block: Block, box: Box, fill: Rgb, delay: float) -> None:
        unit = stage.unit
        shape = panel(box, fill, min(box.height / 2, block.size * 1.1), shadow=16 * unit)

        def paint(canvas: skia.Canvas) -> None:
            shape(canvas)
            # Capitals are centred: what goes below the line is seldom there.
            high = block.height - block.below
            left = box.left + (box.width - block.width) / 2
            centred = replace(block, style=replace(block.style, align="center"))
            centred.draw(canvas, left, box.top + (box.height - high) / 2)

        ink = block.style.colour
        stage.badge(title, box.grown(24 * unit), paint, ink=ink, plate=fill, delay=delay, rise=24 * unit)

    def _placed(self, scene: Scene, brief: Brief) -> Scene:
        canvas = _as_drawn(brief).canvas
        left, top, right, bottom = self.picture(scene.layout, canvas).shares(canvas)
        if reads_from_right(brief):
            left, right = 1 - right, 1 - left
        return replace(scene, box=(left, top, right, bottom))

    def _check(self, texts: Sequence[str], brief: Brief) -> None:
        family, bold = self.display
        require(texts, Style(brief.product.brand.font or family, bold=bold, fonts=brief.fonts), brief.fonts)


def reads_from_right(brief: Brief) -> bool:
    """Whether most of what a film says of its product is read from the right: its layout is then a mirror's."""
    return lettering.reads_from_right(" ".join((brief.product.name, *brief.product.features)))


def _as_drawn(brief: Brief) -> Brief:
    """The brief as templates draw it, from the left: what apps cover is at the other side in a mirror."""
    if not reads_from_right(brief):
        return brief
    left, top, right, bottom = brief.canvas.safe
    return replace(brief, canvas=replace(brief.canvas, safe=(1 - right, top, 1 - left, bottom)))


def is_wide(canvas: Canvas) -> bool:
    """Whether texts stand beside the picture rather than above it."""
    return canvas.width >= canvas.height * _WIDE


def is_square(canvas: Canvas) -> bool:
    """Whether there is little height below the width."""
    return not is_wide(canvas) and canvas.height < canvas.width * 1.15


def under_apps(canvas: Canvas) -> bool:
    """Whether apps or captions lie over the lower part of the picture, so that titles stand at its top."""
    return canvas.safe[3] <= 1 - _APPS


def card_places(canvas: Canvas, layout: str, above: float = _ABOVE) -> tuple[Box, Box]:
    """Where the picture of a scene with a card lies, and where the card may: faces are seen, whatever the card says.

    `above`: the picture's share of what is above the safe area's bottom, where the card is below it.
    """
    wide, high = canvas.width, canvas.height
    safe = safe_box(canvas)
    if is_wide(canvas):
        picture = Box(wide * (1 - _BESIDE), 0, wide, high).even
        return picture, Box(safe.left, safe.top, picture.left + wide * _OVERLAP, safe.bottom)
    if under_apps(canvas):
        picture = Box(0, safe.top + safe.height * _CARD.get(layout, _USUAL_CARD), wide, high).even
        return picture, Box(safe.left, safe.top, safe.right, picture.top + high * _OVERLAP)
    picture = Box(0, 0, wide, safe.bottom * above).even
    return picture, Box(safe.left, picture.bottom - high * _OVERLAP, safe.right, safe.bottom)


def inner(canvas: Canvas, edge: float, *, down: float = 0, centred: bool = False) -> Box:
    """The safe area with at least `edge` pixels to the frame's sides; `centred`: about the frame's middle."""
    left, top, right, bottom = (
        share * size for share, size in zip(canvas.safe, (canvas.width, canvas.height) * 2, strict=True)
    )
    left, right = max(left, edge), min(right, canvas.width - edge)
    if centred:
        half = min(canvas.width / 2 - left, right - canvas.width / 2)
        left, right = canvas.width / 2 - half, canvas.width / 2 + half
    return Box(left, top + down, right, bottom - down)
