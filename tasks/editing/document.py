"""What a caller learns of an edited film."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializeAsAny, SerializerFunctionWrapHandler, model_serializer

from tasks.editing.bench import Made
from tasks.jobs.document import JobDocument
from tasks.jobs.summary import entry, place
from tasks.video.encoding import Encoder


class FileFacts(BaseModel):
    """What was measured of a file that was made."""

    model_config = ConfigDict(frozen=True)

    size: int
    """Bytes."""
    duration: float | None
    """Seconds; None for a picture."""
    width: int | None
    """As it is shown; None for sound."""
    height: int | None
    fps: float | None


class ResultFile(FileFacts):
    """A file of the result."""

    file: str
    """Store key."""
    url: str


class EditResult(ResultFile):
    """The file, and what its operation tells of it (in one object with it)."""

    encoder: Encoder
    files: tuple[ResultFile, ...]
    """All that were made; mostly that one."""
    made: SerializeAsAny[Made]

    @model_serializer(mode="wrap")
    def _flat(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = dump(self)
        told: dict[str, Any] = fields.pop("made")
        return {**fields, **told}


class EditOutcome(BaseModel):
    """The fields that an edit adds to its job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: EditResult


class _Shown(BaseModel):
    """What is printed of a result."""

    files: list[ResultFile]
    warnings: list[str] = []
    copied: bool | None = None


def edit_summary(document: JobDocument) -> Iterator[str]:
    """Where the files are, and what is to be said of them."""
    if document.result is None:
        return
    shown = _Shown.model_validate(document.result)
    for file in shown.files[:10]:
        yield entry("file", place(file.url))
    if len(shown.files) > 10:
        yield entry("", f"and {len(shown.files) - 10} more beside them")
    first = shown.files[0]
    if first.duration is not None:
        yield entry("seconds", f"{first.duration:.3f}")
    if shown.copied is not None:
        yield entry("picture", "copied as it was" if shown.copied else "encoded again")
    for warning in shown.warnings:
        yield entry("warning", warning)
