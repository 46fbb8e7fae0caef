"""How a picture of one shape is shown in a frame of another."""

from typing import Annotated, Literal

from pydantic import Field

Fit = Literal["pad", "blur", "crop"]
"""pad: whole, with black bars; blur: whole, over a blurred enlargement; crop: filling the frame, the rest cut off."""
Side = Annotated[int, Field(ge=64, le=4096, multiple_of=2)]
"""Of a frame, in pixels."""

_SMALL = 8
"""The blurred picture is this many times smaller while it is blurred."""


_HD_LINES = 720
"""From here on a film that does not say so has the colours of HD (BT.709), below those of SD (BT.601)."""
COLOURS = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"


def framed(width: int, height: int, fit: Fit, *, tagged: bool = True, lines: int = 0) -> str:
    """A filter graph of one input and one output that brings any picture to that size and to the colours of HD.

    `tagged`: whether the film says how its colours are coded; if not, `lines`, its own height, decides.
    """
    matrix = "auto" if tagged else "bt709" if lines >= _HD_LINES else "smpte170m"
    colours = f"in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv"
    # Pixels that are not square are made so first: every shape below is that which players show.
    wide, high = "max(2,trunc(iw*max(sar,1)/2)*2)", "max(2,trunc(ih/min(max(sar,0.01),1)/2)*2)"
    square = f"scale=w='{wide}':h='{high}':{colours},setsar=1,{COLOURS}"
    size = f"{width}:{height}"
    filling = f"scale={size}:force_original_aspect_ratio=increase,crop={size}"
    inside = f"scale={size}:force_original_aspect_ratio=decrease:force_divisible_by=2"
    if fit == "crop":
        return f"{square},{filling},setsar=1"
    if fit == "pad":
        return f"{square},{inside},pad={size}:(ow-iw)/2:(oh-ih)/2:color=black,setsar=1"
    small = f"{max(2, width // _SMALL // 2 * 2)}:{max(2, height // _SMALL // 2 * 2)}"
    return (
        f"{square},split[front][back];"
        f"[back]{filling},scale={small},gblur=sigma=4,scale={size}:flags=bicubic,setsar=1[soft];"
        f"[front]{inside},setsar=1[whole];[soft][whole]overlay=(W-w)/2:(H-h)/2:format=auto"
    )
