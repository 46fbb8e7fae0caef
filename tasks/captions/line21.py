"""Captions of American television (CEA-608) in Scenarist's files: ffmpeg knows how their bytes are shown."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.media.ffmpeg import run_ffmpeg

_HEAD = "Scenarist_SCC V1."
_SECONDS = 60.0
"""That it may take."""


def is_scc(text: str) -> bool:
    """Whether a text is such a file."""
    return text.lstrip().startswith(_HEAD)


def script_of_scc(text: str) -> str:
    """The captions as ASS. Raises as `run_ffmpeg`."""
    with TemporaryDirectory(prefix="captions-") as name:
        source, script = Path(name) / "captions.scc", Path(name) / "captions.ass"
        source.write_text(text, encoding="utf-8")
        run_ffmpeg(
            ["-f", "scc", "-i", f"file:{source}", "-c:s", "ass"],
            output=script,
            duration=None,
            deadline=_SECONDS,
        )
        return script.read_text(encoding="utf-8", errors="replace")
