"""What callers choose about the pictures that are made of their images."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Style = Literal["natural", "vivid", "warm", "cool", "studio", "moody", "mono"]
"""How a picture looks beyond being free of faults; natural adds nothing."""
EnhancementLevel = Literal["basic", "standard", "premium"]
Orientation = Literal["original", "portrait", "square", "landscape"]
Aspect = Literal["9:16", "2:3", "3:4", "4:5", "1:1", "4:3", "3:2", "16:9", "1.91:1"]
"""Width to height."""
GroundChoice = Literal["auto", "on", "off"]
Fit = Literal["auto", "crop", "blur"]

_ASPECT_OF: dict[Orientation, Aspect] = {"portrait": "4:5", "square": "1:1", "landscape": "16:9"}
"""4:5 is the highest that feeds show whole."""
SHORTER_SIDE = 1080
"""Pixels of the usual canvases of social networks: 1080×1920, 1080×1350, 1080×1080, 1920×1080."""
LONGEST_ORIGINAL = 2048
"""Pixels of the longer side of pictures that keep their shape."""


def ratio_of(aspect: Aspect) -> float:
    """Width divided by height."""
    width, height = aspect.split(":")
    return float(width) / float(height)


class ImagesConfig(BaseModel):
    """How images are enhanced. What a picture does not need is not done to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: Annotated[int, Field(ge=1, le=8)] = 1
    """Pictures made of each image: the first as asked for here, the others in other styles and closer crops."""
    style: Style = "natural"
    """natural: only faults are put right; vivid: stronger colours; warm and cool: towards amber or blue, whites stay
    clean; studio: bright and neutral, white stays white; moody: darker and softer in colour; mono: black and white."""
    enhancement_level: EnhancementLevel = "standard"
    """basic: light and colour; standard: also noise, sharpness, local contrast and plain backdrops; premium: the same
    and more thorough, for pictures that are shown large."""
    orientation: Orientation = "original"
    """portrait is 4:5, square 1:1, landscape 16:9; original keeps the image's shape. `aspect` says it exactly."""
    aspect: Aspect | None = None
    """Width to height of the picture; none: that of `orientation`."""
    longest_side: Annotated[int, Field(ge=320, le=4096)] | None = None
    """Pixels of the longer side; none: what social networks show, such as 1080×1350, and at most 2048 for `original`.
    Smaller images are not enlarged to keep their shape; they are to fill an `aspect`."""
    background: GroundChoice = "auto"
    """Plain backdrops: auto evens out casts and uneven light, on also makes them white, off leaves them alone."""
    fit: Fit = "auto"
    """Images of another shape: crop cuts them around what they show, blur shows them whole over their own blur; auto
    crops where what they show fits, else continues a plain backdrop, else blurs."""

    @model_validator(mode="after")
    def _one_shape(self) -> "ImagesConfig":
        if self.aspect is None or self.orientation == "original":
            return self
        ratio = ratio_of(self.aspect)
        named = "square" if ratio == 1 else "portrait" if ratio < 1 else "landscape"
        if named != self.orientation:
            raise ValueError(
                f"aspect {self.aspect} is {named}, orientation says {self.orientation}: leave one out"
            )
        return self

    @property
    def shape(self) -> float | None:
        """Width divided by height of the pictures; None: that of the image."""
        aspect = self.aspect or _ASPECT_OF.get(self.orientation)
        return ratio_of(aspect) if aspect else None

    def canvas(self, width: int, height: int) -> tuple[int, int]:
        """Width and height in pixels of the picture that is made of an image of this size."""
        shape = self.shape
        if shape is None:
            longest = min(self.longest_side or LONGEST_ORIGINAL, max(width, height))
            scale = longest / max(width, height)
            return max(1, round(width * scale)), max(1, round(height * scale))
        longest = self.longest_side or round(SHORTER_SIDE * max(shape, 1 / shape))
        other = max(1, round(longest * min(shape, 1 / shape)))
        return (longest, other) if shape >= 1 else (other, longest)
