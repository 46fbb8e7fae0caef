"""The options and arguments that several commands share."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tasks.errors import InvalidInputError

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUE",
        help='A parameter; repeat it. VALUE is JSON (true, 3, ["srt"]) or else plain text.',
    ),
]
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--params", metavar="FILE", help="A JSON or YAML file of parameters, - for stdin; -p overrides it."
    ),
]
JobArgument = Annotated[UUID, typer.Argument(help="What `submit` printed.")]
JobsArgument = Annotated[list[UUID], typer.Argument(help="Ids that `submit` or `jobs` printed.")]
EndpointOption = Annotated[
    str | None, typer.Option(help="Only of this endpoint: its host, or host:port.", metavar="HOST")
]


def _local(moment: datetime | None) -> datetime | None:
    """The moment with the time zone of this machine, which the command line leaves out."""
    return moment.astimezone() if moment else None


SinceOption = Annotated[
    datetime | None,
    typer.Option(callback=_local, help="Only those that failed after this local time, 2026-01-31T08:00:00."),
]


def refuse_before_subcommand(context: typer.Context) -> None:
    """Refuse the options of a command that stand before one of its own commands, which would not hear of them.

    `messages --stream a discard --all` would remove what is in every other stream, too.

    Raises:
        InvalidInputError: there are some.
    """
    if given := [name for name, value in context.params.items() if value not in (None, False)]:
        options = " ".join(f"--{name.removeprefix('as_')}" for name in given)
        raise InvalidInputError(
            f"What stands before `{context.invoked_subcommand}` would have no effect: {options}.",
            hint=f"Where that command takes it: {context.command_path} {context.invoked_subcommand} {options} …",
        )
