"""Checks of what makes sound and pictures: ffmpeg, its encoders, fonts."""

import subprocess
from collections.abc import Iterator
from importlib.util import find_spec

from blocks.settings import Settings
from deployments.checks.check import ANSWER_SECONDS, Check, judged, used
from tasks.errors import ContrapontoError, MissingEngineError

_INSTALL = ".venv/bin/pip install -e ."
_TRIAL = ("-f", "lavfi", "-i", "color=black:size=320x240:rate=24:duration=0.25", "-c:v", "libx264")


def ffmpeg() -> Check:
    """Whether ffmpeg encodes, by a trial: that it is there, or lists an encoder, says nothing."""
    return used("ffmpeg", _encode, fix=_INSTALL)


def _encode() -> str:
    from tasks.media.ffmpeg import ffmpeg_binary  # noqa: PLC0415 - only when it is tried

    result = subprocess.run(
        [ffmpeg_binary(), "-hide_banner", "-v", "error", *_TRIAL, "-f", "null", "-"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ANSWER_SECONDS,
        check=False,
    )
    if result.returncode:
        last = (result.stderr.strip().splitlines() or [f"exit code {result.returncode}"])[-1]
        raise MissingEngineError(
            f"libx264 does not encode: {last}", hint=f"{_INSTALL} (or unset IMAGEIO_FFMPEG_EXE)"
        )
    return f"libx264 encodes ({ffmpeg_binary()})"


def gpu_encoder(settings: Settings) -> Check:
    """Whether the GPU encodes video; needed only if the settings ask for it."""
    from tasks.video.encoding import choose_encoder  # noqa: PLC0415 - only when it is tried

    subject, wanted = "video encoder of the GPU", settings.video_encoder == "h264_nvenc"
    try:
        choose_encoder("h264_nvenc")
    except ContrapontoError as error:
        remark = error.message if wanted else f"not used, libx264 is: {error.message}"
        return judged(subject, well=not wanted, remark=remark, fix=error.hint if wanted else "")
    return judged(subject, well=True, remark="h264_nvenc encodes")


def fonts(settings: Settings) -> Iterator[Check]:
    """Which fonts captions may use, where the packages that draw them are installed."""
    if not (find_spec("fontTools") and find_spec("PIL")):
        return
    from tasks.captions.fonts import SHIPPED  # noqa: PLC0415 - only with those packages
    from tasks.captions.steps import font_folder  # noqa: PLC0415 - brings Prefect

    folder = font_folder(settings)
    shipped, own = (sum(1 for _ in place.glob("*.[ot]tf")) for place in (SHIPPED, folder))
    yield judged(
        "fonts",
        well=shipped > 0,
        remark=f"{shipped} come with the project; {own} of your own in {folder}",
        fix="" if shipped else "git checkout tasks/captions/fonts",
    )
