"""How a film of a given length is brought below a given size: bits for sound and picture, and a smaller picture."""

from dataclasses import dataclass

from tasks.editing.moments import clock
from tasks.errors import LimitExceededError

_CONTAINER = 0.97
"""Share of the size that is picture and sound; the rest is the table of MP4, and what an encoder misses by."""
_SOUND = (128_000, 96_000, 64_000, 48_000)
"""Bits a second of sound; the first that leaves the picture enough."""
_SOUND_SHARE = 0.25
_DENSITY = 0.04
"""Bits a pixel below which a picture is better made smaller."""
_SMALLEST = 240
"""Pixels of the shorter side below which it is not made smaller for that."""
_LEAST = 40_000
"""Bits a second below which there is no picture worth looking at."""
_STEP = 0.85


@dataclass(frozen=True)
class Budget:
    """How a film is encoded to stay below a size."""

    picture: int
    """Bits a second."""
    sound: int
    """Bits a second; 0 without sound."""
    width: int
    height: int

    @property
    def whole(self) -> int:
        """Bits a second."""
        return self.picture + self.sound


def budget(size: float, seconds: float, width: int, height: int, fps: float, *, sound: bool) -> Budget:
    """The bits of a film of so many seconds, at most `size` bytes, and the size of its picture, at most that given.

    Raises LimitExceededError if the film is too long for any picture.
    """
    whole = size * 8 * _CONTAINER / seconds
    heard = 0
    if sound:
        heard = next((bits for bits in _SOUND if bits <= whole * _SOUND_SHARE), _SOUND[-1])
    picture = int(whole - heard)
    if picture < _LEAST:
        raise LimitExceededError(
            f"A video of {clock(seconds)} has no picture worth looking at in {size / 1e6:g} MB.",
            hint="Allow more with max_mb, or trim it.",
        )
    shape = width / height
    while picture / (width * height * fps) < _DENSITY and min(width, height) * _STEP >= _SMALLEST:
        height = max(2, round(height * _STEP / 2) * 2)
        width = max(2, round(height * shape / 2) * 2)
    return Budget(picture=picture, sound=heard, width=width, height=height)
