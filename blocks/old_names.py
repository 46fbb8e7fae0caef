"""Names of settings in the `.env` files of earlier systems, and what their values meant there.

One of those systems counted in milliseconds, where every setting here is seconds: `QUEUE_POLLING_INTERVAL=5000`,
`WEBHOOK_RETRY_DELAYS=1000,5000,15000`. Others, and earlier versions of this one, have seconds under such names. Which
of the two is meant shows in the size of the number; where it does not, the value is refused. What was read as
milliseconds is said wherever the source of a setting is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OLD_NAMES: dict[str, tuple[str, ...]] = {
    "redis_url": ("REDIS_URL",),
    "cache_ttl_hours": ("CACHE_TTL_HOURS",),
    "job_timeout_minutes": ("JOB_TIMEOUT_MINUTES",),
    "poll_interval": ("POLL_INTERVAL",),
    "max_poll_attempts": ("MAX_POLL_ATTEMPTS",),
    "http_max_retries": ("HTTP_MAX_RETRIES",),
    "retry_backoff_base_seconds": ("RETRY_BACKOFF_BASE_SECONDS",),
    "video_downloader_url": ("VIDEO_DOWNLOADER_URL",),
    "audio_normalization_url": ("AUDIO_NORMALIZATION_URL",),
    "audio_transcriber_url": ("AUDIO_TRANSCRIBER_URL",),
    "download_timeout": ("VIDEO_DOWNLOADER_TIMEOUT", "VIDEO_DOWNLOADER_URL_TIMEOUT"),
    "normalisation_timeout": ("AUDIO_NORMALIZATION_TIMEOUT", "AUDIO_NORMALIZATION_URL_TIMEOUT"),
    "transcription_timeout": ("AUDIO_TRANSCRIBER_TIMEOUT", "AUDIO_TRANSCRIBER_URL_TIMEOUT"),
    "default_language": ("DEFAULT_LANGUAGE",),
    "default_remove_noise": ("DEFAULT_REMOVE_NOISE",),
    "default_convert_mono": ("DEFAULT_CONVERT_MONO",),
    "default_sample_rate_16k": ("DEFAULT_SAMPLE_RATE_16K",),
    "queue_max_workers": ("QUEUE_MAX_WORKERS",),
    "queue_polling_interval": ("QUEUE_POLLING_INTERVAL",),
    "queue_job_ttl": ("QUEUE_JOB_TTL",),
    "webhook_secret": ("WEBHOOK_SECRET",),
    "webhook_max_retries": ("WEBHOOK_MAX_RETRIES",),
    "webhook_retry_delays": ("WEBHOOK_RETRY_DELAYS",),
}
"""Names that `.env` files of earlier systems hold, understood without the prefix."""


@dataclass(frozen=True)
class _Sizes:
    """By which sizes the two units are told apart."""

    seconds_below: float
    """Smaller numbers are seconds."""
    milliseconds_from: float
    """So large ones are milliseconds; between the two nobody can know."""


_UNITS: Mapping[str, _Sizes] = {
    # Nobody polls every two minutes, or ten times a second.
    "poll_interval": _Sizes(100, 100),
    "queue_polling_interval": _Sizes(100, 100),
    # Of a schedule its shortest wait counts.
    "webhook_retry_delays": _Sizes(100, 1000),
    # No stage takes three hours, or ends after ten seconds.
    "download_timeout": _Sizes(10_800, 10_800),
    "normalisation_timeout": _Sizes(10_800, 10_800),
    "transcription_timeout": _Sizes(10_800, 10_800),
    # An hour is 3,600,000 ms; as seconds that is six weeks. Jobs that are forgotten too soon are lost.
    "queue_job_ttl": _Sizes(3_000_000, 31_536_001),
}
"""Of the settings that are times and whose old names have no unit in them; the others are `…_HOURS` and the like."""


class UnknownUnitError(ValueError):
    """A value may be seconds and may be milliseconds. The message is the end of a sentence."""


def in_seconds(setting: str, value: Any) -> tuple[Any, bool]:
    """The value of a setting as its old name gave it, and whether it was milliseconds.

    What is no number stays as it is: the setting itself refuses it.

    Raises:
        UnknownUnitError: the value may be either.
    """
    sizes = _UNITS.get(setting)
    numbers = _numbers(value) if sizes else None
    if sizes is None or not numbers:
        return value, False
    # Waits of 0 are the same in both.
    shortest = min((number for number in numbers if number > 0), default=0.0)
    if shortest < sizes.seconds_below:
        return value, False
    if shortest < sizes.milliseconds_from:
        raise UnknownUnitError(
            f"may be seconds and may be milliseconds: give it in seconds as CONTRAPONTO_{setting.upper()}"
        )
    return ",".join(f"{number / 1000:.12g}" for number in numbers), True


def _numbers(value: Any) -> list[float] | None:
    try:
        return [float(part) for part in str(value).strip().strip("[]").split(",") if part.strip()]
    except ValueError:
        return None
