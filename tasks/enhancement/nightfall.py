"""Night and dusk: pictures that are dark because the sky is, and not because the exposure was too short.

What daylight leaves behind is blue, and so is nearly all of such a picture; a product in too little light has the
colours of lamps, of wood and of skin.
"""

import numpy as np

from tasks.enhancement.planes import Colours, luma, ramp

_DARK = (0.2, 0.32)
"""Medians of brightness of a night, and of none."""
_BLACK = 0.03
"""Darker has no colour."""
_BLUE = 1.25
"""Times as much blue as red, in values of sRGB, of what only the sky lights."""
_SHARE = (0.6, 0.85)
"""Of what has a colour, that is blue in no night, and in one."""


def nightfall(colours: Colours) -> float:
    """How surely a picture is of a night: 0 to 1. `colours`: of a small copy, height × width × 3."""
    bright = luma(colours)
    dark = 1 - ramp(float(np.median(bright)), *_DARK)
    seen = colours[bright > _BLACK]
    if dark == 0 or not len(seen):
        return 0.0
    blue = float((seen[:, 2] > _BLUE * seen[:, 0]).mean())
    return dark * ramp(blue, *_SHARE)
