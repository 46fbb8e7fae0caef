"""Fetching models with progress that a person can follow, in a terminal and in a log."""

import time
from collections.abc import Iterable

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from blocks.settings import get_settings
from deployments.commands.output import console, say
from tasks.models.install import ensure_model, installed
from tasks.models.manifest import default_manifest

_LINE_EVERY_SECONDS = 10.0
_MEGABYTE = 1_000_000


def fetch(names: Iterable[str]) -> None:
    """Make sure that models are installed.

    Raises:
        MissingEngineError: no source gave one of them; the message says what each answered.
        InvalidInputError: an unknown name.
    """
    directory = get_settings().models_dir
    here = {record.name for record in installed(directory)}
    for name in dict.fromkeys(names):
        size = default_manifest().get(name).size / _MEGABYTE
        if name in here:
            say(f"model {name}: here")
        elif console.is_terminal:
            _with_bar(name, size)
        else:
            _with_lines(name, size)


def _with_bar(name: str, megabytes: float) -> None:
    columns = (
        TextColumn("model {task.description}"),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task(name, total=1.0, done="")

        def report(fraction: float) -> None:
            bars.update(bar, completed=fraction, done=f"{fraction * megabytes:.0f} of {megabytes:.0f} MB")

        ensure_model(name, get_settings().models_dir, report)


def _with_lines(name: str, megabytes: float) -> None:
    say(f"model {name}: fetching {megabytes:.0f} MB")
    last = time.monotonic()

    def report(fraction: float) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_EVERY_SECONDS:
            last = time.monotonic()
            say(f"model {name}: {fraction * megabytes:.0f} of {megabytes:.0f} MB")

    ensure_model(name, get_settings().models_dir, report)
    say(f"model {name}: here")
