"""The faults of a photograph one after another: each measured, and put right by as much as it needs.

Light comes before white balance, which a stretched range would bring back. Noise goes first, as everything after it
would make it stronger, and sharpening is last.
"""

from dataclasses import dataclass, replace

from tasks.enhancement import backdrop, contrast, exposure, noise, sharpness, vividness, white_balance
from tasks.enhancement.nightfall import nightfall
from tasks.enhancement.options import EnhancementLevel, GroundChoice
from tasks.enhancement.planes import Colours, recoloured, sample
from tasks.images.loading import Pixels

_NOTICED = 0.03
"""Amounts below are not worth a pass over the picture."""
_OF_NIGHTS = 0.8
"""Of the light that a picture seems to lack, that a night is meant to lack."""
_STRENGTH: dict[EnhancementLevel, float] = {"basic": 0.0, "standard": 0.8, "premium": 1.0}
"""Of sharpening and local contrast."""


@dataclass(frozen=True)
class Correction:
    """Something that was put right."""

    name: str
    """light, white_balance, backdrop, noise, local_contrast, colour or sharpness."""
    amount: float
    """From 0 to 1, of the most that is ever done."""


@dataclass(frozen=True)
class Corrected:
    """A picture without faults, and what they were."""

    pixels: Pixels
    corrections: tuple[Correction, ...]
    plain: bool
    """Whether it has a plain backdrop."""


def correct(pixels: Pixels, level: EnhancementLevel, ground: GroundChoice) -> Corrected:
    """Puts right what the level covers. `pixels`: of a photograph, at the size at which it is shown."""
    done: list[Correction] = []
    grain = noise.measure(pixels)
    if level != "basic" and grain.amount > _NOTICED:
        pixels = noise.corrected(pixels, grain)
        done.append(Correction("noise", grain.amount))
    pixels = _colours(pixels, done)
    behind = None
    if level != "basic" and ground != "off":
        behind = backdrop.measure(pixels, ground)
        if behind is not None and behind.amount > _NOTICED:
            pixels = backdrop.corrected(pixels, behind, ground)
            done.append(Correction("backdrop", behind.amount))
    if level != "basic":
        pixels = _details(pixels, grain, _STRENGTH[level], done)
    return Corrected(pixels, tuple(done), behind is not None)


def _colours(pixels: Pixels, done: list[Correction]) -> Pixels:
    """Light, white balance and strength of colours in one pass: they look at colours alone."""
    small = sample(pixels)
    night = nightfall(small)
    light = exposure.measure(small).lessened(1 - _OF_NIGHTS * night)
    small = exposure.corrected(small, light)
    cast = white_balance.measure(small)
    # Nobody takes the blue away that shows that it is night.
    cast = replace(cast, amount=cast.amount * (1 - night))
    small = white_balance.corrected(small, cast)
    pale = vividness.measure(small)
    found = [("light", light.amount), ("white_balance", cast.amount), ("colour", pale.amount)]
    noticed = [Correction(name, amount) for name, amount in found if amount > _NOTICED]
    if not noticed:
        return pixels
    done.extend(noticed)

    def together(colours: Colours) -> Colours:
        colours = exposure.corrected(colours, light)
        return vividness.corrected(white_balance.corrected(colours, cast), pale)

    return recoloured(pixels, together)


def _details(pixels: Pixels, grain: noise.Noise, strength: float, done: list[Correction]) -> Pixels:
    flat = contrast.measure(pixels)
    if flat.amount > _NOTICED:
        pixels = contrast.corrected(pixels, flat, strength)
        done.append(Correction("local_contrast", flat.amount * strength))
    blur = sharpness.measure(pixels)
    if blur.amount > _NOTICED:
        pixels = sharpness.corrected(pixels, blur, grain.deviation, strength)
        done.append(Correction("sharpness", blur.amount * strength))
    return pixels
