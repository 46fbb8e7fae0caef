"""A job document in words, for a person in front of a terminal."""

from collections.abc import Iterator

from tasks.jobs.document import JobDocument

_FILES = ("transcription_file", "audio_file")


def summary(document: JobDocument) -> Iterator[str]:
    """The lines to print: how it ended, what it says, where the files are."""
    yield f"job       {document.job_id}"
    yield f"status    {document.status}, {document.overall_progress:.0f} %"
    for name, stage in document.stages.items():
        yield f"  {name:<15} {stage.status:<11} {stage.progress:>3.0f} %{_clause(stage.error)}"
    if document.error:
        yield f"error     {document.error}"
    if document.transcription_text:
        yield ""
        yield document.transcription_text
        yield ""
    for name in _FILES:
        if value := getattr(document, name):
            yield f"{name:<19} {value}"


def _clause(error: object) -> str:
    return f"  {error}" if error else ""
