"""What makes the pictures of one image differ: the first is as asked for, others take other looks and come closer."""

from dataclasses import dataclass

from tasks.enhancement.options import ImagesConfig, Style

_CLOSENESS = (1.0, 1.3, 1.0, 1.5, 1.15, 1.3, 1.0, 1.5)
_OTHERS: dict[Style, tuple[Style, ...]] = {
    "natural": ("vivid", "warm", "studio", "moody", "cool", "mono"),
    "vivid": ("warm", "natural", "studio", "mono", "cool", "moody"),
    "warm": ("vivid", "moody", "natural", "mono", "studio", "cool"),
    "cool": ("studio", "vivid", "natural", "mono", "moody", "warm"),
    "studio": ("natural", "cool", "vivid", "warm", "mono", "moody"),
    "moody": ("mono", "warm", "natural", "cool", "vivid", "studio"),
    "mono": ("moody", "natural", "vivid", "warm", "cool", "studio"),
}
"""By what was asked for: what suits the same brand first."""


@dataclass(frozen=True)
class Variant:
    """One of the pictures of an image."""

    style: Style
    closeness: float


def variant_of(config: ImagesConfig, number: int) -> Variant:
    """The picture of that number, from 0; the same whatever `count` is."""
    styles = (config.style, *_OTHERS[config.style])
    return Variant(styles[number % len(styles)], _CLOSENESS[number % len(_CLOSENESS)])
