"""How words move, as codes of ASS."""

from tasks.captions.look import Animation

_FROM = 0.8
"""Share of its size that a word begins with when it pops up."""
_OVER = 1.10
"""How much larger than its size it gets on the way."""
_RISE, _SETTLE = 70, 120
"""Milliseconds after which it is largest, and after which it has its size."""
_GROW = 60
"""Milliseconds in which a word gets the size that it has while it is spoken, or loses it."""
_FADE = 100
"""Milliseconds."""
_FAINT = 160
"""Transparency (of 255) that a fade begins with: from nothing, there would be a picture without words between two."""
_NEVER = 360_000_000
"""Milliseconds: later than any film ends."""


def entrance(animation: Animation) -> str:
    """What is done to a word that was not there before."""
    if animation != "fade":
        return ""
    return f"\\fade({_FAINT},0,0,0,{_FADE},{_NEVER},{_NEVER})"


def way_to(animation: Animation, *, scale: float, before: float | None, spoken: bool, most: float) -> str:
    """The way to a share of its size: from that `before` (None: it was not there), never above `most`."""
    start = before if before is not None else _FROM * scale if animation == "pop" else scale
    if animation == "pop" and (spoken or before is None):
        over = max(scale, min(scale * _OVER, most))
        return f"{_size(start)}\\t(0,{_RISE},{_size(over)})\\t({_RISE},{_SETTLE},{_size(scale)})"
    if start != scale:
        return f"{_size(start)}\\t(0,{_GROW},{_size(scale)})"
    return _size(scale) if scale != 1.0 else ""


def _size(scale: float) -> str:
    return f"\\fscx{scale * 100:.1f}\\fscy{scale * 100:.1f}"
