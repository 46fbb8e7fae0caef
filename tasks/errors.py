"""The errors a job can end with.

One small hierarchy for every pipeline. The message is one sentence for the person who submitted the job (what, where);
`hint` is the next step (what to change). Library errors, tracebacks and ffmpeg's stderr go to the log as the cause,
never into the message. `transient` decides retries: see `tasks.jobs.retries`.
"""

from typing import ClassVar


class ContrapontoError(Exception):
    """Base of all errors that the product raises on purpose."""

    code: ClassVar[str] = "error"
    """Stable, machine-readable name: it stands in the job document."""
    transient: ClassVar[bool] = False
    """Whether the same call may succeed a little later without a change by anyone."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions travel between processes (results, child processes); keyword arguments need help to be pickled.
        return (_rebuild, (type(self), self.message, self.hint, dict(vars(self))))


def _rebuild(
    cls: type[ContrapontoError], message: str, hint: str, attributes: dict[str, object]
) -> ContrapontoError:
    error = cls.__new__(cls)
    ContrapontoError.__init__(error, message, hint=hint)
    vars(error).update(attributes)
    return error


class InvalidInputError(ContrapontoError):
    """A parameter or a file given by the caller cannot be used."""

    code = "invalid_input"


class BlockedAddressError(InvalidInputError):
    """The URL leads to an address that may not be reached (private, loopback, metadata …)."""

    code = "blocked_address"


class SourceNotFoundError(InvalidInputError):
    """Nothing is at the URL or under the store key (404, 410, removed video)."""

    code = "source_not_found"


class SourceForbiddenError(InvalidInputError):
    """The source exists but may not be read (401, 403, private or members-only video, geo-block)."""

    code = "source_forbidden"


class NotMediaError(InvalidInputError):
    """What was fetched is not audio or video (an HTML page, an empty file, text)."""

    code = "not_media"


class NotAnImageError(InvalidInputError):
    """What was fetched is not a still image."""

    code = "not_an_image"


class DamagedMediaError(InvalidInputError):
    """The file is audio, video or an image but cannot be read to its end (truncated, corrupt)."""

    code = "damaged_media"


class NoAudioError(InvalidInputError):
    """The file has no audio track."""

    code = "no_audio"


class NoVideoError(InvalidInputError):
    """The file has no picture track."""

    code = "no_video"


class LimitExceededError(InvalidInputError):
    """The source is larger or longer than the configured limit."""

    code = "limit_exceeded"


class UnknownLanguageError(InvalidInputError):
    """The language code is not one that the engine knows."""

    code = "unknown_language"


class InvalidSettingError(ContrapontoError):
    """A setting of this installation cannot be used."""

    code = "invalid_setting"


class MissingEngineError(ContrapontoError):
    """A model or engine that the job asked for is not installed or not configured on this machine."""

    code = "missing_engine"


class EngineError(ContrapontoError):
    """An engine (ffmpeg, a model) failed on input that should have worked."""

    code = "engine_failed"


class OutOfMemoryError(EngineError):
    """The machine or its GPU has too little memory left for an engine."""


class StorageFullError(ContrapontoError):
    """The disk or the quota of the media store is full."""

    code = "storage_full"


class TransientError(ContrapontoError):
    """Something outside failed in a way that passes (5xx, 429, timeout, lost connection)."""

    code = "temporarily_unavailable"
    transient = True

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        """Seconds the other side asked to wait (Retry-After), if it did."""


class StageTimeoutError(ContrapontoError):
    """A stage took longer than its time limit."""

    code = "timeout"


class CancelledError(ContrapontoError):
    """The job was cancelled while the work was going on."""

    code = "cancelled"


def kind_of_error(code: str | None) -> type[ContrapontoError] | None:
    """The class of errors that has the code; None if there is none."""
    kinds = [ContrapontoError]
    for kind in kinds:
        if kind.code == code and "code" in vars(kind):
            return kind
        kinds += kind.__subclasses__()
    return None
