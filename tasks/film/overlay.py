"""Layers over the film: how they come, stay and go."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tasks.film.planes import Drawing, Frame, drawing_of, lay, scaled, seen
from tasks.film.storyboard import Layer, Pixels

Look = Callable[[Layer, NDArray[np.uint8]], None]

_EDGE = 0.12
"""Share of its width over which the edge of a layer that is wiped in is soft."""
_LEAST = 1 / 256


class Overlay:
    """The layers of a film, drawn frame by frame in their order. Only those are held that are seen."""

    def __init__(
        self, layers: Sequence[Layer], size: tuple[int, int], rate: Fraction, look: Look | None = None
    ) -> None:
        """`look`: called with each title in the middle of its time, and the frame with all that lies under it."""
        self._size = size
        self._look = look
        self._layers = [
            (round(layer.start * rate), round(layer.end * rate), layer)
            for layer in layers
            if layer.end > layer.start
        ]
        self._rate = float(rate)
        self._still: dict[int, Drawing | None] = {}

    def touches(self, number: int) -> bool:
        """Whether anything is drawn over the frame of this number."""
        return any(first <= number < last for first, last, _ in self._layers)

    def draw(self, number: int, frame: Frame) -> None:
        """Draws over the frame of this number, which may be changed."""
        for place, (first, last, layer) in enumerate(self._layers):
            if not first <= number < last:
                self._still.pop(place, None)
                continue
            if self._look is not None and layer.title is not None and number == (first + last) // 2:
                height, width = layer.pixels.shape[:2]
                box = (layer.left, layer.top, layer.left + width, layer.top + height)
                self._look(layer, seen(frame, box))
            # In the middle of the frame's time: neither the first nor the last is lost.
            come = _eased(_share((number + 0.5 - first) / self._rate, layer.fade))
            gone = _share((last - number - 0.5) / self._rate, layer.leave)
            if come >= 1:
                if place not in self._still:
                    self._still[place] = drawing_of(layer.pixels, layer.left, layer.top, self._size)
                drawing, opacity = self._still[place], gone
            else:
                drawing = self._coming(layer, come)
                opacity = gone if layer.wipe else come * gone
            if drawing is not None and opacity > _LEAST:
                lay(drawing, frame, opacity)

    def _coming(self, layer: Layer, come: float) -> Drawing | None:
        pixels, left, top = layer.pixels, float(layer.left), float(layer.top)
        if layer.grow != 1.0:
            height, width = pixels.shape[:2]
            pixels = scaled(pixels, layer.grow + (1 - layer.grow) * come)
            left += (width - pixels.shape[1]) / 2
            top += (height - pixels.shape[0]) / 2
        if layer.wipe:
            pixels = _uncovered(pixels, come, from_right=layer.from_right)
        return drawing_of(pixels, round(left), round(top + layer.rise * (1 - come)), self._size)


def _share(since: float, seconds: float) -> float:
    return min(max(since / seconds, 0.0), 1.0) if seconds > 0 else 1.0


def _eased(share: float) -> float:
    """Fast at first, then slower: what comes in settles."""
    return 1 - (1 - share) ** 3


def _uncovered(pixels: Pixels, come: float, *, from_right: bool) -> Pixels:
    """What is seen of pixels that are uncovered from one side to the other."""
    width = pixels.shape[1]
    edge = max(1, math.ceil(width * _EDGE))
    at = come * (width + edge)
    shown = np.clip((at - np.arange(width)) / edge, 0.0, 1.0)
    shown = shown[::-1] if from_right else shown
    seen: Pixels = np.rint(pixels * shown[np.newaxis, :, np.newaxis]).astype(np.uint8)
    return seen
