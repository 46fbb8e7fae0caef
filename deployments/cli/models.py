"""`models list|get|verify`: what is on this machine and what is not."""

import json
from typing import Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import print_json, say

app = typer.Typer(
    help="Speech, noise and voice models: list them, fetch them, check them.", no_args_is_help=True
)

FOR_TESTS = (
    "whisper-base",
    "whisper-tiny.en",
    "deepfilternet3",
    "spleeter-2stems",
    "kokoro-pt-br",
    "speakers",
    "fonts",
    "fonts-cjk",
)
"""What tests marked `models` need."""

_MEGABYTE = 1_000_000


@app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List every model: what it is for, its size and licence, and whether it is installed."""
    from blocks.settings import get_settings
    from deployments.checks.models import default_models
    from tasks.models.install import installed
    from tasks.models.manifest import default_manifest

    here = {record.name for record in installed(get_settings().models_dir)}
    needed = set(default_models(get_settings()))
    rows = default_manifest().model
    if as_json:
        print_json(
            json.dumps(
                [
                    {
                        "name": model.name,
                        "installed": model.name in here,
                        "needed": model.name in needed,
                        "purpose": model.purpose,
                        "version": model.version,
                        "licence": model.licence,
                        "bytes": model.size,
                    }
                    for model in rows
                ]
            )
        )
        return
    for model in rows:
        state = "installed" if model.name in here else "MISSING" if model.name in needed else "-"
        typer.echo(
            f"{model.name:<24}{state:<11}{model.size / _MEGABYTE:>6.0f} MB  {model.purpose}; {model.licence}"
        )
    say(f"Folder: {get_settings().models_dir}")


@app.command("get")
def get(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names from `models list`; none: what the settings need.")
    ] = None,
    for_tests: Annotated[bool, typer.Option("--for-tests", help="Everything that the tests need.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch models. What is there already is not fetched again; a cut download goes on where it stopped."""
    from blocks.settings import get_settings
    from deployments.checks.models import default_models
    from deployments.cli.model_downloads import fetch

    wanted = list(names or ([] if for_tests else default_models(get_settings())))
    if for_tests:
        wanted += FOR_TESTS
    fetch(wanted)
    if as_json:
        print_json(json.dumps({"installed": wanted}))


@app.command("verify")
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Names; none: all that are installed.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every byte of installed models with their checksums. Exit code 1 if one is damaged."""
    from blocks.settings import get_settings
    from tasks.models import install

    directory = get_settings().models_dir
    problems: dict[str, list[str]] = {}
    for name in names or [record.name for record in install.installed(directory)]:
        problems[name] = list(install.verify(name, directory))
        say(f"{name}: {'; '.join(problems[name]) or 'ok'}")
    if as_json:
        print_json(json.dumps({"problems": problems}))
    if any(problems.values()):
        say("Fetch a damaged model again: remove its folder, then `contraponto models get NAME`.")
        raise typer.Exit(1)
