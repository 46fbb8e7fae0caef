"""Makes a report of what collectors have answered, and stores it in each format."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import from_json

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import get_settings
from tasks.captions.steps import font_folders
from tasks.errors import InvalidInputError, MissingEngineError, SourceNotFoundError
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.messages.contents import TargetName
from tasks.messages.reasons import LATE, Reason
from tasks.progress import Progress
from tasks.reports.building import Collected, Wanted
from tasks.reports.content import Status
from tasks.reports.making import Fonts, Format, make_report
from tasks.reports.texts import line
from tasks.reports.values import Writer
from tasks.reports.wording import Language

T = TypeVar("T")

MOST_BYTES = 64_000_000
"""Of a file with what was collected."""
MOST_TOGETHER = 4 * MOST_BYTES
"""Of all such files of one report: their data take several times as much memory."""
_LOGO = (600, 200)
"""Pixels that a logo has at most."""


class Answer(BaseModel):
    """What a collector has answered, as `tasks.messages.contents.CollectionResult`; it may also have timed out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    escavador: TargetName
    status: Literal["concluida", "erro", "timeout"]
    dados: JsonValue = None
    arquivo: str | None = None
    erro: str | None = None
    erro_conhecido: Reason | None = None


class StoredInput(BaseModel):
    """A file of the media store, and what tells it from another one under the same key."""

    model_config = ConfigDict(frozen=True)

    key: str
    fingerprint: str


class ReportRequest(StepRequest):
    """The report that is wanted."""

    version: ClassVar[int] = 3
    answers: tuple[Answer, ...]
    inputs: tuple[StoredInput, ...]
    """The files that the answers and the logo name, as far as they are there."""
    formats: tuple[Format, ...]
    title: str | None
    language: Language
    date: datetime
    correlation_id: str
    introduction: str
    logo: str | None
    """Store key."""
    color: str
    fonts: tuple[str, ...]
    """The folders of fonts that are installed."""


class StoredReport(BaseModel):
    """The files of a report in the media store."""

    model_config = ConfigDict(frozen=True)

    files: dict[Format, str]
    """Store keys."""
    pages: int | None
    failed: int
    """Collectors that failed, timed out, or left what cannot be read."""
    warnings: tuple[str, ...]

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return self.files.values()


def inputs_of(answers: Iterable[Answer], logo: str | None, store: MediaStore) -> tuple[StoredInput, ...]:
    """The stored files that a report is made of. Those that are missing are told of in the report."""
    keys = dict.fromkeys(key for each in answers for key in (each.arquivo, _whole_of(each.dados)) if key)
    if logo:
        keys[logo] = None
    found = []
    for key in keys:
        try:
            stored = store.stat(key)
        except InvalidInputError:
            continue
        found.append(StoredInput(key=key, fingerprint=stored.sha256 or f"{stored.size} {stored.modified}"))
    return tuple(found)


def installed_fonts() -> tuple[str, ...]:
    """The folders of fonts that there are, which decide how letters look."""
    return tuple(folder.name for folder in font_folders(get_settings()) if folder.is_dir())


@step("report")
def write_report(request: ReportRequest, progress: Progress) -> StoredReport:
    """Makes the report and stores it.

    Raises InvalidInputError for a logo that is none, MissingEngineError, EngineError.
    """
    settings = get_settings()
    store = media_store(settings)
    warnings: list[str] = []
    inputs = _Files(store, Writer(request.language))
    collected = [_collected(each, inputs, warnings) for each in request.answers]
    made = make_report(
        collected,
        Wanted(
            language=request.language,
            title=request.title,
            date=request.date,
            correlation_id=request.correlation_id,
            introduction=request.introduction,
            color=request.color,
            logo=_logo(request.logo, store) if request.logo else None,
        ),
        request.formats,
        Fonts(font_folders(settings), settings.home / "report-fonts"),
        progress,
        warnings,
    )
    name = request.cache_key()
    files: dict[Format, str] = {}
    for kind, data in made.files.items():
        files[kind] = f"reports/{name}.{kind}"
        store.put_bytes(data, files[kind])
    failed = sum(each.status != "done" for each in collected)
    return StoredReport(files=files, pages=made.pages, failed=failed, warnings=made.warnings)


class _UnreadableFileError(InvalidInputError):
    """A file that a report cannot be made of, in the language of the report."""


@dataclass
class _Files:
    """Reads the files of one report."""

    store: MediaStore
    writer: Writer
    room: int = MOST_TOGETHER
    """Bytes that may still be read."""

    def read(self, key: str) -> JsonValue:
        """The JSON file under the key. Raises _UnreadableFileError."""
        words, number = self.writer.words, self.writer.number
        size = self._stored(self.store.stat, key).size
        if size > MOST_BYTES:
            raise _UnreadableFileError(words.too_large.format(key, number(size), number(MOST_BYTES)))
        if size > self.room:
            raise _UnreadableFileError(
                words.too_large_together.format(key, number(size), number(MOST_TOGETHER))
            )
        self.room -= size
        data = self._stored(self.store.read_bytes, key)
        try:
            found: JsonValue = from_json(data)
        except ValueError as error:
            raise _UnreadableFileError(words.no_json.format(key, error)) from error
        return found

    def _stored(self, ask: Callable[[str], T], key: str) -> T:
        """What the store says of the key."""
        try:
            return ask(key)
        except InvalidInputError as error:
            # Where the store lies is no business of who reads the report.
            raise _UnreadableFileError(self.writer.words.no_file.format(key)) from error


def _collected(answer: Answer, files: _Files, warnings: list[str]) -> Collected:
    """The answer with its data, from the media store where they are there."""
    data, reason, known = answer.dados, answer.erro, answer.erro_conhecido
    status: Status = "done"
    if answer.status != "concluida":
        late = answer.status == "timeout" or (known is not None and known.codigo in LATE)
        status = "timed_out" if late else "failed"
    if known is not None:
        reason = known.sentence(files.writer.language, reason) or reason
    for key in (answer.arquivo, _whole_of(data)):
        if not key:
            continue
        try:
            found = files.read(key)
        except _UnreadableFileError as error:
            told = files.writer.words.unreadable.format(line(error.message, 300))
            warnings.append(f"{answer.escavador}: {told}")
            status, reason = ("failed" if status == "done" else status), reason or told
            continue
        data = {**data, **found} if isinstance(data, dict) and isinstance(found, dict) else found
    return Collected(answer.escavador, status, data, reason)


def _whole_of(data: JsonValue) -> str | None:
    """The store key of all of it, where a collector says that the data are only a part."""
    if isinstance(data, dict) and data.get("complete") is False:
        key = data.get("file")
        return key if isinstance(key, str) else None
    return None


def _logo(key: str, store: MediaStore) -> bytes:
    """The logo as a PNG. Raises InvalidInputError for a file that is no picture, MissingEngineError."""
    try:
        from tasks.images.loading import load_still  # noqa: PLC0415 - an extra of the installation
    except ImportError as error:
        raise MissingEngineError(
            "Logos need packages that are not installed.", hint="Run: pip install 'contraponto[video]'"
        ) from error
    try:
        with store.open_local(key) as path:
            picture = load_still(path, lambda _: 2 * max(_LOGO)).image.convert("RGBA")
    except InvalidInputError as error:
        missing = isinstance(error, SourceNotFoundError)
        raise type(error)(
            f"logo: {error.message}", hint=error.hint or ("Store it first." if missing else "")
        ) from error
    picture.thumbnail(_LOGO)
    made = BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()
