"""What a picture is of: the people in it, else what stands out, else nothing that could be named."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from tasks.images.faces import Box, Face, find_faces
from tasks.images.loading import Pixels, as_image
from tasks.images.salience import find_salient

SubjectKind = Literal["face", "salient", "none"]
"""What was found: `face` one or more, `salient` something that stands out, `none` neither."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

# What belongs to a face, in its own heights (from the brows to the chin) and widths.
_HAIR = 0.75
_NECK = 0.3
_EARS = 0.35
_HEAD = 1.55
"""The height of a head, hair and chin included."""
_BODY = 8.5
"""Heads of a standing person, the crown to the soles: artists count seven and a half, and heads are found too small
rather than too large."""
_STANDING = 5.5
"""Heads of somebody who is in the picture down to the shins or further: cutting that off is then a loss."""
_SHOULDERS = 1.3
"""Half the width of a person, in heads, with the arms."""
_BYSTANDER = 0.3
"""Faces smaller than this share of the largest are of others."""


@dataclass(frozen=True)
class Subject:
    """What is to be seen in every frame, in shares of the picture."""

    kind: SubjectKind
    core: Box
    """Must not be cut: all faces with their hair, or all that is drawn or written. Where the rest of a photograph may
    go with it, the middle of what stands out."""
    wanted: Box
    """Should not be cut: also the bodies of who stands in the picture from head to foot; all that stands out."""
    first: Box
    """What to keep if not even the core can be: the largest face."""


NOTHING = Subject("none", WHOLE, WHOLE, WHOLE)


def find_subject(picture: Pixels | Image.Image) -> Subject:
    """What the picture is of; the same for the same picture. Raises as `tasks.images.faces.find_faces`."""
    image = as_image(picture)
    faces = find_faces(image)
    if faces:
        return people(faces, image.width / image.height)
    found = find_salient(image)
    if found is None:
        return NOTHING
    if found.whole:
        return Subject("salient", found.box, found.box, found.box)
    left, top, right, bottom = found.box
    x, y = (left + right) / 2, (top + bottom) / 2
    middle = (x, y, x, y)
    return Subject("salient", middle, found.box, middle)


def people(faces: list[Face], aspect: float) -> Subject:
    """The people of these faces, the largest first, in a picture `aspect` times as wide as high."""
    largest = faces[0].box[3] - faces[0].box[1]
    near = [face.box for face in faces if face.box[3] - face.box[1] >= _BYSTANDER * largest]
    heads = [_with_hair(box) for box in near]
    bodies = [_standing(box, head, aspect) for box, head in zip(near, heads, strict=True)]
    return Subject("face", around(heads), around(bodies), heads[0])


def around(boxes: list[Box]) -> Box:
    """The box of all boxes."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _within(left: float, top: float, right: float, bottom: float) -> Box:
    return max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)


def _with_hair(face: Box) -> Box:
    left, top, right, bottom = face
    width, height = right - left, bottom - top
    return _within(left - _EARS * width, top - _HAIR * height, right + _EARS * width, bottom + _NECK * height)


def _standing(face: Box, head: Box, aspect: float) -> Box:
    """The head, and the body below it if the picture may show it down to the feet."""
    height = _HEAD * (face[3] - face[1])
    crown = face[3] - height
    if 1 - crown < _STANDING * height:
        return head
    middle, reach = (face[0] + face[2]) / 2, _SHOULDERS * height / aspect
    return around([head, _within(middle - reach, crown, middle + reach, crown + _BODY * height)])
