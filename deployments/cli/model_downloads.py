"""Fetching models with progress that a person can follow, in a terminal and in a log."""

import time
from collections.abc import Iterable
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from blocks.settings import get_settings
from deployments.cli.output import console, say
from deployments.processes.private import make_private_home
from tasks.models.install import ensure_models, installed
from tasks.models.manifest import default_manifest

_LINE_EVERY_SECONDS = 10.0
_MEGABYTE = 1_000_000


def fetch(names: Iterable[str]) -> None:
    """Make sure that models are installed.

    Raises:
        MissingEngineError: no source gave one of them; the message says what each answered.
        InvalidInputError: an unknown name.
    """
    make_private_home(get_settings().home)
    directory = get_settings().models_dir
    here = {record.name for record in installed(directory)}
    wanted = [default_manifest().get(name) for name in dict.fromkeys(names)]
    for model in wanted:
        if model.name in here:
            say(f"  {model.name}: here")
    missing = [model for model in wanted if model.name not in here]
    if not missing:
        return
    for model in missing:
        say(f"  {model.name}: {model.size / _MEGABYTE:.0f} MB to fetch")
    # All in one call: a source that cannot be reached is then waited for once, not once a model.
    fetch_them = _with_bar if console.is_terminal else _with_lines
    fetch_them([model.name for model in missing], directory, sum(model.size for model in missing) / _MEGABYTE)


def _with_bar(names: list[str], directory: Path, megabytes: float) -> None:
    columns = (
        TextColumn("  models"),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task("", total=1.0, done="")

        def report(fraction: float) -> None:
            bars.update(bar, completed=fraction, done=f"{fraction * megabytes:.0f} of {megabytes:.0f} MB")

        ensure_models(names, directory, report)


def _with_lines(names: list[str], directory: Path, megabytes: float) -> None:
    last = time.monotonic()

    def report(fraction: float) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_EVERY_SECONDS:
            last = time.monotonic()
            say(f"  {fraction * megabytes:.0f} of {megabytes:.0f} MB")

    ensure_models(names, directory, report)
    say("  all here")
