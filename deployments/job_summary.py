"""A job document in words, for a person in front of a terminal."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from tasks.jobs.document import JobDocument, TranscriptionDocument


def summary(document: JobDocument) -> Iterator[str]:
    """The lines to print: how it ended, what it says, where the files are."""
    yield f"job       {document.job_id}"
    yield f"status    {document.status}, {document.overall_progress:.0f} %"
    for name, stage in document.stages.items():
        cached = "  (was done before)" if stage.cached else ""
        yield f"  {name:<15} {stage.status:<11} {stage.progress:>3.0f} %{cached}{_clause(stage.error)}"
    if document.error:
        yield f"error     {document.error}"
    if isinstance(document, TranscriptionDocument):
        yield from _transcription(document)


def _transcription(document: TranscriptionDocument) -> Iterator[str]:
    if document.transcription_text is not None:
        yield ""
        yield document.transcription_text or "(no speech was found)"
        yield ""
    for kind, link in _links(document).items():
        yield f"{kind:<9} {_place(link)}"
    if document.audio_file:
        yield f"audio     {document.audio_file} (key in the media store)"


def _links(document: TranscriptionDocument) -> dict[str, Any]:
    links = (document.result or {}).get("links")
    return links if isinstance(links, dict) else {}


def _place(link: str) -> str:
    """A path for a file on this machine, which a terminal's user can open; else the link."""
    parts = urlsplit(link)
    return unquote(parts.path) if parts.scheme == "file" else link


def _clause(error: object) -> str:
    return f"  {error}" if error else ""
