"""How one scene gives way to the next."""

from collections.abc import Callable

import numpy as np

from tasks.film.planes import Frame, Plane, mixed
from tasks.film.storyboard import Transition

Look = Callable[[float], Frame]
"""A frame of a scene, with the camera so many times closer."""

_CLOSER = 0.35
"""How much closer the camera comes to what is left in a zoom, and how much closer it begins with what follows."""


def transition_frame(kind: Transition, before: Look, after: Look, share: float) -> Frame:
    """The frame at a share of the way from one scene to the next. See `Frame.own`."""
    eased = _eased(share)
    match kind:
        case "none":
            return before(1.0) if share < 0.5 else after(1.0)
        case "fade":
            return mixed(before(1.0), after(1.0), eased)
        case "slide":
            return _pushed(before(1.0), after(1.0), eased)
        case "zoom":
            # The camera dives into what is left and comes out of what follows.
            return mixed(before(1 + _CLOSER * eased), after(1 + _CLOSER * (1 - eased)), eased)


def _eased(share: float) -> float:
    """Slow, fast, slow."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _pushed(before: Frame, after: Frame, share: float) -> Frame:
    """The new frame comes from the right and pushes the old one out."""
    half = round(share * after.colours.shape[1])

    def beside(old: Plane, new: Plane, moved: int) -> Plane:
        return np.concatenate([old[:, moved:], new[:, :moved]], axis=1)

    return Frame(beside(before.bright, after.bright, 2 * half), beside(before.colours, after.colours, half))
