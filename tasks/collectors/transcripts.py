"""What is said in a video, out of the job that wrote it down."""

from tasks.collectors.videos import Spoken, VideoTranscript
from tasks.jobs.children import EndedChild
from tasks.speech.document import TranscriptionDocument, TranscriptionResult


def transcript_of(ended: EndedChild) -> VideoTranscript:
    """The text with its times, or why there is none."""
    if ended.document is None:
        return VideoTranscript(job_id=ended.job_id, error=ended.error, error_code=ended.error_code)
    document = TranscriptionDocument.model_validate(ended.document.model_dump())
    return VideoTranscript(
        job_id=ended.job_id,
        language=TranscriptionResult.model_validate(document.result).language,
        text=document.transcription_text or "",
        segments=tuple(
            Spoken(start=each.start, end=each.end, text=each.text, speaker=each.speaker)
            for each in document.transcription_segments or ()
        ),
        files=TranscriptionResult.model_validate(document.result).files,
    )
