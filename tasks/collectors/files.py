"""Files of folders and of the media store, with what is known of each."""

import hashlib
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import translate
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from blocks.media_store import MediaStore, content_type_of
from tasks.batches.document import LeftOut
from tasks.batches.folders import files_in
from tasks.batches.items import FOLDER
from tasks.collectors.texts import FileText, has_text, read_text
from tasks.errors import InvalidInputError, NotMediaError, SourceNotFoundError
from tasks.fetching.content import is_media_name
from tasks.foreign_text import printable
from tasks.images.loading import image_size
from tasks.media.probe import probe
from tasks.progress import Progress

_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff", "image/bmp")
_CHUNK = 1024 * 1024
_ABRIDGED = 500
"""Characters."""
_MOST_TEXT = 50_000_000
"""Characters of all texts of a collection, which are in memory together."""
_FIRST_MOMENT, _LAST_MOMENT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Wanted(BaseModel):
    """Which files are wanted, and what of them."""

    model_config = ConfigDict(frozen=True)

    patterns: tuple[str, ...] = ("*",)
    """Of the names, or of the paths below the source where there is a slash in it; capitals do not matter."""
    since: date | None = None
    """Changed on that day (UTC) or later."""
    most: int = Field(1000, ge=1)
    checksums: bool = True
    media: bool = False
    text: bool = False
    most_characters: int = Field(20_000, ge=1)
    """Of a text."""


class MediaFacts(BaseModel):
    """What a recording, a film or a picture is."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["audio", "video", "image"]
    format: str
    duration: float | None = None
    """Seconds."""
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    audio_codec: str | None = None
    video_codec: str | None = None


class CollectedFile(BaseModel):
    """One file; None for what was not asked for or cannot be known."""

    model_config = ConfigDict(frozen=True)

    name: str
    path: str
    """Below its source."""
    source: str
    """What leads to it: a key of the media store, or `folder:` and a path."""
    size: int
    """Bytes."""
    modified: datetime
    type: str
    """By its ending: "application/pdf"."""
    sha256: str | None = None
    media: MediaFacts | None = None
    text: FileText | None = None
    errors: tuple[str, ...] = ()
    """What could not be found out, and why."""


@dataclass
class Collection:
    """What the sources hold."""

    files: list[CollectedFile]
    left_out: list[LeftOut]
    """What is in the sources and must not be read."""
    bad: list[tuple[str, InvalidInputError]]
    """Sources that could not be listed."""
    left: bool = False
    """Whether there are more files than were wanted."""


@dataclass(frozen=True)
class _Found:
    """A file of any source, not yet read."""

    path: str
    source: str
    size: int
    modified: datetime
    opened: Callable[[], AbstractContextManager[Path]]


def collect_files(
    sources: Sequence[str], wanted: Wanted, store: MediaStore, folders: Sequence[Path], progress: Progress
) -> Collection:
    """The files behind the sources, each once, at most `wanted.most`; a file or source that fails stops no other.

    Args:
        sources: Keys of the media store and prefixes that end in a slash; `folder:` and a path.
        wanted: Which files, and what of them.
        store: The media store.
        folders: Those of this machine that jobs may read.
        progress: Told how far it is; called for every file and every megabyte, so that it can be stopped.
    """
    collection = Collection([], [], [])
    fits = _fits(wanted)
    found: dict[str, _Found] = {}
    for source in sources:
        progress(0.0)
        try:
            for each in _listed(source, store, folders):
                progress(0.0)
                if isinstance(each, LeftOut):
                    shown = LeftOut(source=printable(each.source), reason=printable(each.reason))
                    collection.left_out.append(shown)
                elif each.source not in found and fits(each):
                    if len(found) >= wanted.most:
                        collection.left = True
                        break
                    found[each.source] = each
        except InvalidInputError as error:
            collection.bad.append((printable(source), error))
    room = _MOST_TEXT
    for number, each in enumerate(found.values()):
        progress(number / len(found))
        described = _described(each, wanted, partial(progress, number / len(found)), room)
        room -= len(described.text.text) if described.text else 0
        collection.files.append(described)
    return collection


def _fits(wanted: Wanted) -> "_Fits":
    return _Fits(
        tuple(re.compile(translate(_compared(each))) for each in wanted.patterns),
        wanted.patterns,
        wanted.since,
    )


def _compared(text: str) -> str:
    """A name or a pattern: capitals do not matter, nor whether an accent is a character of its own, as on a Mac."""
    return unicodedata.normalize("NFC", text).lower()


@dataclass(frozen=True)
class _Fits:
    expressions: tuple[re.Pattern[str], ...]
    patterns: tuple[str, ...]
    since: date | None

    def __call__(self, file: _Found) -> bool:
        if self.since is not None and file.modified.date() < self.since:
            return False
        path = _compared(file.path)
        name = posixpath.basename(path)
        return any(
            expression.match(path if "/" in pattern else name)
            for expression, pattern in zip(self.expressions, self.patterns, strict=True)
        )


def _listed(source: str, store: MediaStore, folders: Sequence[Path]) -> Iterator[_Found | LeftOut]:
    if source.startswith(FOLDER):
        yield from _in_folder(Path(source.removeprefix(FOLDER)), folders)
    elif "://" in source or source.startswith(("/", "~")):
        what = "an address" if "://" in source else "a path of a machine"
        raise InvalidInputError(
            f"{printable(source)} is {what}.",
            hint="Give keys or prefixes/ of the media store, or folder:/PATH for a folder.",
        )
    elif source.endswith("/"):
        yield from _in_store(source, store)
    else:
        stored = store.stat(source)
        opened = partial(store.open_local, source)
        yield _Found(posixpath.basename(source), source, stored.size, stored.modified, opened)


def _in_store(prefix: str, store: MediaStore) -> Iterator[_Found]:
    empty = True
    for stored in store.list(prefix):
        empty = False
        opened = partial(store.open_local, stored.key)
        yield _Found(stored.key.removeprefix(prefix), stored.key, stored.size, stored.modified, opened)
    # An open folder that is empty is an answer; a prefix without a file is most often one that is misspelt.
    if empty:
        raise SourceNotFoundError(
            f'There is nothing under "{prefix}" in the media store.',
            hint="Check the prefix, or upload files there.",
        )


def _in_folder(folder: Path, folders: Sequence[Path]) -> Iterator[_Found | LeftOut]:
    try:
        base = folder.resolve() if folder.is_dir() else folder.resolve().parent
    except (OSError, RuntimeError, ValueError) as error:  # too long, a link to itself, a null character
        raise InvalidInputError(
            f"{printable(str(folder))[:200]} can be no folder of this machine.", hint="Check its name."
        ) from error
    for path in files_in(folder, folders):
        if isinstance(path, LeftOut):
            yield path
            continue
        try:
            status = path.stat()
        except OSError as error:  # it has gone meanwhile
            yield LeftOut(source=str(path), reason=f"It cannot be looked at: {error.strerror}.")
            continue
        modified = _moment(status.st_mtime)
        opened = partial(_in_place, path.resolve())
        yield _Found(path.relative_to(base).as_posix(), f"{FOLDER}{path}", status.st_size, modified, opened)


def _moment(seconds: float) -> datetime:
    """What a file system says; some take times that are no date any more."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return _LAST_MOMENT if seconds > 0 else _FIRST_MOMENT


def _in_place(path: Path) -> AbstractContextManager[Path]:
    return nullcontext(path)


def _described(file: _Found, wanted: Wanted, tick: Callable[[], None], room: int) -> CollectedFile:
    """What is known of a file; `room` are the characters that its text may have besides what is wanted."""
    name = posixpath.basename(file.path)
    kind = content_type_of(name)
    sha256: str | None = None
    media: MediaFacts | None = None
    text: FileText | None = None
    errors: list[str] = []
    looks_like_media = is_media_name(name) or kind in _PICTURES
    wants_media, wants_text = wanted.media and looks_like_media, wanted.text and has_text(name)
    if wants_text and room <= 0:
        wants_text = False
        errors.append(
            f"No text: those of the files before have {_MOST_TEXT:,} characters, the most together."
        )
    if wanted.checksums or wants_media or wants_text:
        try:
            with file.opened() as path:
                if wanted.checksums:
                    sha256 = _digest(path, tick)
                if wants_media:
                    media, fault = _media_of(path, kind)
                    errors += [fault] if fault else []
                if wants_text:
                    try:
                        text = read_text(path, name, min(room, wanted.most_characters))
                    except InvalidInputError as error:
                        errors.append(f"No text: {error}")
        except InvalidInputError as error:  # whatever else is wrong is not this file's fault
            errors.append(str(error))
        except OSError as error:
            errors.append(f"It cannot be read: {error.strerror}.")
    return CollectedFile(
        name=printable(name),
        path=printable(file.path),
        source=printable(file.source),
        size=file.size,
        modified=file.modified,
        type=kind,
        sha256=sha256,
        media=media,
        text=text,
        errors=tuple(printable(each) for each in errors),
    )


def _digest(path: Path, tick: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
            tick()
    return digest.hexdigest()


def _media_of(path: Path, kind: str) -> tuple[MediaFacts | None, str]:
    try:
        if kind in _PICTURES:
            form, width, height = image_size(path)
            return MediaFacts(kind="image", format=form.lower(), width=width, height=height), ""
        info = probe(path)
    except NotMediaError as error:
        return None, f"No media: {error.message}"
    except InvalidInputError as error:
        return None, f"No media facts: {error.message}"
    picture, sound = info.video, info.audio
    return (
        MediaFacts(
            kind="video" if picture else "audio",
            format=info.container,
            duration=info.duration,
            width=picture.width if picture else None,
            height=picture.height if picture else None,
            fps=picture.fps if picture else None,
            audio_codec=sound.codec if sound else None,
            video_codec=picture.codec if picture else None,
        ),
        "",
    )


def abridged(file: CollectedFile) -> CollectedFile:
    """With the beginning of its text."""
    if file.text is None or len(file.text.text) <= _ABRIDGED:
        return file
    return file.model_copy(
        update={"text": file.text.model_copy(update={"text": file.text.text[:_ABRIDGED], "cut": True})}
    )


def without_text(file: CollectedFile) -> CollectedFile:
    """Without its text."""
    return file.model_copy(update={"text": None})
