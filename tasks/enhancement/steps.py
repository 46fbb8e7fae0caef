"""Enhances one image: the picture and its before-and-after sheet in the media store."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from blocks.from_settings import media_store
from blocks.media_store import sha256_of
from blocks.scratch import scratch_directory
from blocks.settings import get_settings
from tasks.enhancement.options import ImagesConfig, Style
from tasks.enhancement.picture import enhance, write
from tasks.enhancement.writing import ending_of
from tasks.fetching.steps import FetchedFile
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.progress import Progress, part_of
from tasks.promotion.materials import Picture, StoredFile

_MADE = 0.9
"""Share of the progress; the rest is writing."""


class EnhanceRequest(StepRequest):
    """A picture to make of a stored image."""

    version: ClassVar[int] = 3

    image_key: Annotated[str, Field(exclude=True)]
    """Where the image lies, which does not decide what becomes of it: left out of the cache key."""
    image_sha256: str
    source: Annotated[int, Field(exclude=True)]
    """Which of the job's images it is, from 0; it decides nothing either: an image that moves is not made again."""
    variant: int = 0
    """Which of the pictures of this image, from 0."""
    config: ImagesConfig


class AppliedCorrection(BaseModel):
    """Something that was put right."""

    model_config = ConfigDict(frozen=True)

    name: str
    """light, white_balance, colour, noise, backdrop, local_contrast or sharpness."""
    amount: float
    """0 to 1, of the most that is ever done."""


class EnhancedPicture(BaseModel):
    """A picture that was made, in the media store, and how it came about."""

    model_config = ConfigDict(frozen=True)

    picture: Picture
    sheet: str
    """Store key of a JPEG of before and after."""
    style: Style
    subject: str
    """What the crop was made around: face, salient or none."""
    fit: str
    """crop, continued (a plain ground goes on) or blur."""
    corrections: tuple[AppliedCorrection, ...]
    warnings: tuple[str, ...] = ()

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.picture.file.key, self.sheet)


def enhance_requests(image: FetchedFile, source: int, config: ImagesConfig) -> tuple[EnhanceRequest, ...]:
    """Asks for all pictures of a stored image, which is the job's image number `source`."""
    # How many there are decides nothing about each: asking for one more makes one more.
    alone = config.model_copy(update={"count": 1})
    return tuple(
        EnhanceRequest(
            image_key=image.key, image_sha256=image.sha256, source=source, variant=variant, config=alone
        )
        for variant in range(config.count)
    )


def numbered(made: EnhancedPicture, source: int) -> EnhancedPicture:
    """The same of the job's image number `source`: it may have been made when the image had another number."""
    return made.model_copy(update={"picture": made.picture.model_copy(update={"source": source})})


@step("enhance")
def enhance_image(request: EnhanceRequest, progress: Progress) -> EnhancedPicture:
    """Writes the picture and its sheet into the media store. Raises as `tasks.images.loading.load_image`."""
    settings = get_settings()
    store = media_store(settings)
    name = f"pictures/{request.cache_key()}"
    with store.open_local(request.image_key) as image:
        made = enhance(image, request.config, request.variant, part_of(progress, 0.0, _MADE))
    with scratch_directory(settings.home, "enhance") as folder:
        path = folder / f"picture{ending_of(made.image)}"
        write(made, path)
        sha256 = sha256_of(path)
        key = f"{name}{path.suffix}"
        store.put_file(path, key)
    store.put_bytes(made.sheet, f"{name}.sheet.jpg")
    width, height = made.image.size
    return EnhancedPicture(
        picture=Picture(
            file=StoredFile(key=key, sha256=sha256),
            width=width,
            height=height,
            source=request.source,
            variant=request.variant,
        ),
        sheet=f"{name}.sheet.jpg",
        style=made.style,
        subject=made.subject,
        fit=made.way,
        corrections=tuple(
            AppliedCorrection(name=each.name, amount=round(each.amount, 2)) for each in made.corrections
        ),
        warnings=made.warnings,
    )
